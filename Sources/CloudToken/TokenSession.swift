import CPKCS11
import CloudCore
import CloudStorage

/// Which number a session gave a key: to find a key by its name, SoftHSM looks at every one.
final class Handles {
    private var known: [KeyName: CK_OBJECT_HANDLE] = [:]
    private static let room = 4096

    subscript(name: KeyName) -> CK_OBJECT_HANDLE? {
        get { known[name] }
        set {
            if known.count >= Self.room { known = [:] }
            known[name] = newValue
        }
    }
}

/// What is done in a session that is logged in.
struct TokenSession {
    let library: Library
    let handle: CK_SESSION_HANDLE
    let handles: Handles
    /// The files of a token of software.
    let files: TokenFiles?

    private static let version: UInt8 = 1
    private static let nonce = 12
    private static let proof = 16

    /// At most `limit` objects.
    func find(_ template: Template, limit: Int) throws(Failure) -> [CK_OBJECT_HANDLE] {
        let code = template.lent { list, count in library.calls.C_FindObjectsInit(handle, list, count) }
        try library.check("FindObjectsInit", code)
        defer { _ = library.calls.C_FindObjectsFinal(handle) }
        var found: [CK_OBJECT_HANDLE] = []
        var some = [CK_OBJECT_HANDLE](repeating: 0, count: min(limit, 512))
        while found.count < limit {
            var count: CK_ULONG = 0
            try library.check("FindObjects", library.calls.C_FindObjects(handle, &some, CK_ULONG(some.count), &count))
            if count == 0 { break }
            found += some.prefix(Int(count))
        }
        // Who is logged out sees no keys, which must not pass for their being gone.
        var info = CK_SESSION_INFO()
        try library.check("GetSessionInfo", library.calls.C_GetSessionInfo(handle, &info))
        guard info.state == CKS_RW_USER_FUNCTIONS else {
            throw Failure(call: "FindObjects", code: CKR_USER_NOT_LOGGED_IN)
        }
        return found
    }

    /// The key; nil where there is none, `fault` where its name says two.
    func key(_ name: KeyName) throws -> CK_OBJECT_HANDLE? {
        let label = KeyLabel.bytes(name)
        // Another process may have removed it, and the number may stand for another key by now.
        if let known = handles[name], self.label(known) == label { return known }
        let found = try find(.usable(label), limit: 2)
        guard found.count < 2 else {
            throw CloudError.fault("the token has two keys that are called \(name.project)/\(name.epoch)")
        }
        handles[name] = found.first
        return found.first
    }

    /// The key; `missing` where there is none.
    func known(_ name: KeyName) throws -> CK_OBJECT_HANDLE {
        guard let key = try key(name) else { throw CloudError.missing("Key", "\(name.project)/\(name.epoch)") }
        return key
    }

    /// Makes a key inside of the token.
    func generate(_ template: Template) throws(Failure) -> CK_OBJECT_HANDLE {
        var mechanism = CK_MECHANISM(mechanism: CKM_AES_KEY_GEN, pParameter: nil, ulParameterLen: 0)
        var key: CK_OBJECT_HANDLE = 0
        let code = template.lent { list, count in
            library.calls.C_GenerateKey(handle, &mechanism, list, count, &key)
        }
        try library.check("GenerateKey", code)
        return key
    }

    /// Puts a key into the token.
    func create(_ template: Template) throws(Failure) -> CK_OBJECT_HANDLE {
        var key: CK_OBJECT_HANDLE = 0
        let code = template.lent { list, count in library.calls.C_CreateObject(handle, list, count, &key) }
        try library.check("CreateObject", code)
        return key
    }

    func destroy(_ object: CK_OBJECT_HANDLE) throws(Failure) {
        let code = library.calls.C_DestroyObject(handle, object)
        if code != CKR_OBJECT_HANDLE_INVALID { try library.check("DestroyObject", code) }
    }

    /// An object's label; nil where it has none, or one of more than 256 bytes.
    func label(_ object: CK_OBJECT_HANDLE) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 256)
        return bytes.withUnsafeMutableBytes { bytes in
            var attribute = CK_ATTRIBUTE(type: CKA_LABEL, pValue: bytes.baseAddress, ulValueLen: 256)
            guard library.calls.C_GetAttributeValue(handle, object, &attribute, 1) == CKR_OK,
                attribute.ulValueLen <= 256
            else { return nil }
            return Array(bytes.prefix(Int(attribute.ulValueLen)))
        }
    }

    /// A version, a random nonce, and what AES-GCM makes of the secret. Random nonces of 12 bytes are safe for 2^32
    /// seals under one key (NIST SP 800-38D, 8.3), which is more than a project has volumes and snapshots.
    func seal(_ secret: [UInt8], _ key: CK_OBJECT_HANDLE, about: [UInt8]) throws(Failure) -> [UInt8] {
        let nonce = SystemDice().bytes(Self.nonce)
        let text = try convert(
            secret, Self.gcm(nonce, about), key, ("Encrypt", library.calls.C_EncryptInit, library.calls.C_Encrypt))
        return [Self.version] + nonce + text
    }

    /// What was sealed; `invalid` where it is not that.
    func open(_ sealed: [UInt8], _ key: CK_OBJECT_HANDLE, about: [UInt8]) throws -> [UInt8] {
        let head = 1 + Self.nonce
        guard sealed.first == Self.version, KeyLimits.secret.contains(sealed.count - head - Self.proof) else {
            throw KeyLimits.unreadable
        }
        do throws(Failure) { return try decrypt(sealed, key, about) } catch {
            guard error.mayBeText else { throw error }
            // Where the key works on what is surely its own, it was the text.
            guard let proof = try? seal([1], key, about: about), (try? decrypt(proof, key, about)) == [1] else {
                throw error
            }
            throw KeyLimits.unreadable
        }
    }

    private func decrypt(_ sealed: [UInt8], _ key: CK_OBJECT_HANDLE, _ about: [UInt8]) throws(Failure) -> [UInt8] {
        let head = 1 + Self.nonce
        return try convert(
            Array(sealed[head...]), Self.gcm(Array(sealed[1..<head]), about), key,
            ("Decrypt", library.calls.C_DecryptInit, library.calls.C_Decrypt))
    }

    /// AES-CMAC (RFC 4493) over one block of zeros, by two encryptions of single blocks: so the key needs no right to
    /// sign. The first, which is the secret that GCM proves with, is not told.
    func checkValue(_ key: CK_OBJECT_HANDLE) throws(Failure) -> String {
        let calls = ("Encrypt", library.calls.C_EncryptInit!, library.calls.C_Encrypt!)
        let inner = try convert([UInt8](repeating: 0, count: 16), .plain(CKM_AES_ECB), key, calls)
        guard inner.count == 16 else { throw Failure(call: "Encrypt", code: CKR_FUNCTION_FAILED) }
        var subkey = inner.indices.map { place in
            (inner[place] << 1) | (place + 1 < inner.count ? inner[place + 1] >> 7 : 0)
        }
        if inner[0] & 0x80 != 0 { subkey[15] ^= 0x87 }
        return Hex.string(try convert(subkey, .plain(CKM_AES_ECB), key, calls).prefix(8))
    }

    /// A mechanism with what it is told.
    private enum Mechanism {
        case plain(CK_ULONG)
        case gcm(nonce: [UInt8], about: [UInt8])
    }
    private static func gcm(_ nonce: [UInt8], _ about: [UInt8]) -> Mechanism { .gcm(nonce: nonce, about: about) }

    private func convert(
        _ input: [UInt8], _ mechanism: Mechanism, _ key: CK_OBJECT_HANDLE,
        _ calls: (name: String, begin: CK_BEGIN?, convert: CK_CONVERT?)
    ) throws(Failure) -> [UInt8] {
        try begin(mechanism, key, calls)
        var input = input
        var output = [UInt8](repeating: 0, count: input.count + 32)
        var count = CK_ULONG(output.count)
        try library.check(calls.name, calls.convert!(handle, &input, CK_ULONG(input.count), &output, &count))
        return Array(output.prefix(Int(count)))
    }

    private func begin(
        _ mechanism: Mechanism, _ key: CK_OBJECT_HANDLE, _ calls: (name: String, begin: CK_BEGIN?, convert: CK_CONVERT?)
    ) throws(Failure) {
        let code: CK_RV
        switch mechanism {
        case .plain(let number):
            var mechanism = CK_MECHANISM(mechanism: number, pParameter: nil, ulParameterLen: 0)
            code = calls.begin!(handle, &mechanism, key)
        case .gcm(var nonce, var about):
            code = nonce.withUnsafeMutableBufferPointer { nonce in
                about.withUnsafeMutableBufferPointer { about in
                    var parameters = CK_GCM_PARAMS(
                        pIv: nonce.baseAddress, ulIvLen: CK_ULONG(nonce.count), ulIvBits: CK_ULONG(nonce.count * 8),
                        pAAD: about.baseAddress, ulAADLen: CK_ULONG(about.count), ulTagBits: CK_ULONG(Self.proof * 8))
                    return withUnsafeMutablePointer(to: &parameters) { parameters in
                        var mechanism = CK_MECHANISM(
                            mechanism: CKM_AES_GCM, pParameter: parameters,
                            ulParameterLen: CK_ULONG(MemoryLayout<CK_GCM_PARAMS>.size))
                        return calls.begin!(handle, &mechanism, key)
                    }
                }
            }
        }
        try library.check(calls.name + "Init", code)
    }
}
