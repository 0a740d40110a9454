extension JSON {
    /// Reads one JSON text (RFC 8259), strictly: no duplicate keys, no more than `depth` levels, nothing behind it.
    ///
    /// - Throws: `invalid`, saying at which byte.
    public static func parse(_ bytes: [UInt8], depth: Int = 32) throws(CloudError) -> JSON {
        var parser = JSONParser(bytes: bytes[...], depth: depth)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.isAtEnd else { throw parser.error("something follows the value") }
        return value
    }

    public static func parse(_ text: String, depth: Int = 32) throws(CloudError) -> JSON {
        try parse(Array(text.utf8), depth: depth)
    }
}

/// Recursive descent over bytes, with the depth bounded so that a hostile text cannot exhaust the stack.
struct JSONParser {
    var bytes: ArraySlice<UInt8>
    var depth: Int
    private let start: Int

    init(bytes: ArraySlice<UInt8>, depth: Int) {
        (self.bytes, self.depth, self.start) = (bytes, depth, bytes.startIndex)
    }

    var isAtEnd: Bool { bytes.isEmpty }

    func error(_ what: String) -> CloudError {
        .invalid("The body is not valid JSON: \(what) at byte \(bytes.startIndex - start).")
    }

    mutating func skipSpace() {
        while let byte = bytes.first, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            bytes.removeFirst()
        }
    }

    mutating func value() throws(CloudError) -> JSON {
        skipSpace()
        guard let byte = bytes.first else { throw error("it ends too early") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { (parser) throws(CloudError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(CloudError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("unexpected character")
        }
    }

    private mutating func nested(_ read: (inout Self) throws(CloudError) -> JSON) throws(CloudError) -> JSON {
        guard depth > 0 else { throw error("it is nested too deeply") }
        depth -= 1
        bytes.removeFirst()
        let value = try read(&self)
        depth += 1
        return value
    }

    private mutating func object() throws(CloudError) -> JSON {
        var members: [String: JSON] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard bytes.first == UInt8(ascii: "\"") else { throw error("a key is expected") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("':' is expected") }
            let member = try value()
            guard members.updateValue(member, forKey: name) == nil else { throw error("a key stands twice") }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw error("',' or '}' is expected") }
        }
    }

    private mutating func array() throws(CloudError) -> JSON {
        var items: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(items) }
        while true {
            items.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw error("',' or ']' is expected") }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard bytes.first == byte else { return false }
        bytes.removeFirst()
        return true
    }

    private mutating func word(_ text: String, _ value: JSON) throws(CloudError) -> JSON {
        guard bytes.starts(with: text.utf8) else { throw error("unexpected word") }
        bytes.removeFirst(text.utf8.count)
        return value
    }

    private mutating func number() throws(CloudError) -> JSON {
        let text = bytes.prefix {
            ($0 >= 0x30 && $0 <= 0x39) || "+-.eE".utf8.contains($0)
        }
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard let first = digits.first, first >= 0x30, first <= 0x39, text.count <= 64,
            !(first == 0x30 && digits.dropFirst().first.map { $0 >= 0x30 && $0 <= 0x39 } ?? false)
        else { throw error("not a number") }
        let spelled = String(decoding: text, as: UTF8.self)
        bytes.removeFirst(text.count)
        if let whole = Int(spelled) { return .integer(whole) }
        guard let real = Double(spelled), real.isFinite, spelled.last != "." else { throw error("not a number") }
        return .number(real)
    }

    private mutating func string() throws(CloudError) -> String {
        bytes.removeFirst()
        var out: [UInt8] = []
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: out, as: UTF8.self) else { throw error("not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw error("a control character in a string")
            default: out.append(byte)
            }
        }
        throw error("a string does not end")
    }

    private mutating func escape(into out: inout [UInt8]) throws(CloudError) {
        guard let byte = bytes.popFirst() else { throw error("a string does not end") }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try hex4())
            if code >= 0xd800, code < 0xdc00, bytes.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
                bytes.removeFirst(2)
                let low = UInt32(try hex4())
                guard low >= 0xdc00, low < 0xe000 else { throw error("half a surrogate pair") }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            out.append(contentsOf: UTF8.encode(scalar)!)
        default: throw error("unknown escape")
        }
    }

    private mutating func hex4() throws(CloudError) -> UInt16 {
        let text = String(decoding: bytes.prefix(4), as: UTF8.self)
        guard text.utf8.count == 4, !text.hasPrefix("+"), let code = UInt16(text, radix: 16) else {
            throw error("four hexadecimal digits are expected")
        }
        bytes.removeFirst(4)
        return code
    }
}
