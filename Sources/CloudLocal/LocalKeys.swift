import CloudCompute
import CloudCore
import CloudHost
import Crypto

/// SSH keys by `ssh-keygen`, certificates by `openssl`, and the fingerprints of both.
public struct LocalKeys: KeyMaker {
    private let scratch: String

    /// - Parameter scratch: a directory that only root enters.
    public init(scratch: String) throws(CloudError) {
        self.scratch = scratch
        try Files.ensureDirectory(scratch, mode: 0o700)
    }

    public func make(_ type: Keypair.KeyType, _ comment: String) async throws(CloudError)
        -> (publicKey: String, privateKey: String)
    {
        let path = scratch + "/" + SystemDice().hex32()
        defer {
            try? Files.remove(path)
            try? Files.remove(path + ".pub")
        }
        switch type {
        case .ssh: try await Command.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
        case .x509: try await Command.run(Self.certify(path))
        }
        guard let secret = try Files.read(path), let open = try Files.read(path + ".pub") else {
            throw .fault("no key was left at \(path)")
        }
        let text = String(decoding: open, as: UTF8.self)
        return (type == .ssh ? String(text.prefix { $0 != "\n" }) : text, String(decoding: secret, as: UTF8.self))
    }

    /// A certificate that names its user as Windows wants it: clients' authentication, and a principal's name.
    private static func certify(_ path: String) -> [String] {
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-sha256", "-subj",
            "/CN=akashi",
            "-addext", "extendedKeyUsage=clientAuth",
            "-addext", "subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:akashi@localhost",
            "-keyout", path, "-out", path + ".pub",
        ]
    }

    public func fingerprint(_ type: Keypair.KeyType, _ publicKey: String) throws(CloudError) -> String {
        switch type {
        case .ssh: try fingerprint(ofSSH: publicKey)
        case .x509: try fingerprint(ofCertificate: publicKey)
        }
    }

    /// Looks no further into the certificate than its armour: it is the guest that believes it or not.
    private func fingerprint(ofCertificate pem: String) throws(CloudError) -> String {
        let lines = pem.split(whereSeparator: \.isNewline)
        guard lines.first == "-----BEGIN CERTIFICATE-----", lines.last == "-----END CERTIFICATE-----",
            let bytes = Base64.decode(lines.dropFirst().dropLast().joined().utf8), bytes.first == 0x30
        else { throw .invalid("The public key is not a certificate in PEM.", field: "public_key") }
        return Insecure.SHA1.hash(data: bytes).map { Hex.string([$0]) }.joined(separator: ":")
    }

    private func fingerprint(ofSSH publicKey: String) throws(CloudError) -> String {
        let words = publicKey.split(separator: " ", maxSplits: 2)
        // The blob begins with the length and the name of its own type (RFC 4253, 6.6): both must agree.
        guard words.count >= 2, let blob = Base64.decode(words[1].utf8), blob.count > 4 + words[0].utf8.count,
            blob.starts(with: [0, 0, 0, UInt8(truncatingIfNeeded: words[0].utf8.count)] + Array(words[0].utf8))
        else { throw .invalid("The public key is not one of SSH's.", field: "public_key") }
        return Insecure.MD5.hash(data: blob).map { Hex.string([$0]) }.joined(separator: ":")
    }
}
