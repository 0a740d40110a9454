import CPKCS11

/// Attributes of an object, to make it by or to find it by.
struct Template {
    enum Value {
        case number(CK_ULONG), flag(Bool), bytes([UInt8])

        fileprivate var raw: [UInt8] {
            switch self {
            case .number(let number): withUnsafeBytes(of: number) { Array($0) }
            case .flag(let flag): [flag ? 1 : 0]
            case .bytes(let bytes): bytes
            }
        }
    }
    let attributes: [(CK_ULONG, Value)]

    init(_ attributes: [(CK_ULONG, Value)]) { self.attributes = attributes }

    /// A key that can encrypt and decrypt, and that never leaves the token. `value` where it comes from outside.
    static func key(_ label: [UInt8], isKept: Bool = true, value: [UInt8]? = nil) -> Template {
        var list: [(CK_ULONG, Value)] = [
            (CKA_CLASS, .number(CKO_SECRET_KEY)), (CKA_KEY_TYPE, .number(CKK_AES)), (CKA_TOKEN, .flag(isKept)),
            (CKA_PRIVATE, .flag(true)), (CKA_SENSITIVE, .flag(true)), (CKA_EXTRACTABLE, .flag(false)),
            (CKA_MODIFIABLE, .flag(false)), (CKA_ENCRYPT, .flag(true)), (CKA_DECRYPT, .flag(true)),
            (CKA_SIGN, .flag(false)), (CKA_VERIFY, .flag(false)), (CKA_WRAP, .flag(false)),
            (CKA_UNWRAP, .flag(false)), (CKA_DERIVE, .flag(false)), (CKA_LABEL, .bytes(label)), (CKA_ID, .bytes(label)),
        ]
        if let value { list.append((CKA_VALUE, .bytes(value))) } else { list.append((CKA_VALUE_LEN, .number(32))) }
        return Template(list)
    }

    /// Keys of this label that cannot be read out; others of the name are never used.
    static func usable(_ label: [UInt8]) -> Template {
        Template([
            (CKA_CLASS, .number(CKO_SECRET_KEY)), (CKA_KEY_TYPE, .number(CKK_AES)), (CKA_TOKEN, .flag(true)),
            (CKA_SENSITIVE, .flag(true)), (CKA_EXTRACTABLE, .flag(false)), (CKA_LABEL, .bytes(label)),
            (CKA_ID, .bytes(label)),
        ])
    }

    /// All that is kept under this label.
    static func any(_ label: [UInt8]) -> Template {
        Template([(CKA_CLASS, .number(CKO_SECRET_KEY)), (CKA_TOKEN, .flag(true)), (CKA_LABEL, .bytes(label))])
    }

    /// All secret keys that are kept.
    static var all: Template { Template([(CKA_CLASS, .number(CKO_SECRET_KEY)), (CKA_TOKEN, .flag(true))]) }

    /// Gives the attributes in memory of their own, which is wiped afterwards: a key may be among them.
    func lent<T>(_ body: (UnsafeMutablePointer<CK_ATTRIBUTE>, CK_ULONG) throws -> T) rethrows -> T {
        let values = attributes.map { $0.1.raw }
        // Libraries read numbers in place, so each value begins where a number may.
        let size = values.reduce(8) { $0 + ($1.count + 7) / 8 * 8 }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        defer {
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            memory.deallocate()
        }
        var place = 0
        var list: [CK_ATTRIBUTE] = []
        for (value, attribute) in zip(values, attributes) {
            let start = memory.baseAddress! + place
            UnsafeMutableRawBufferPointer(start: start, count: value.count).copyBytes(from: value)
            list.append(CK_ATTRIBUTE(type: attribute.0, pValue: start, ulValueLen: CK_ULONG(value.count)))
            place += (value.count + 7) / 8 * 8
        }
        return try list.withUnsafeMutableBufferPointer { try body($0.baseAddress!, CK_ULONG($0.count)) }
    }
}
