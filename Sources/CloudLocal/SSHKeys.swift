import CloudCompute
import CloudCore
import CloudHost
import Crypto

/// SSH keys by `ssh-keygen`, and their fingerprints.
public struct SSHKeys: KeyMaker {
    private let scratch: String

    /// - Parameter scratch: a directory that only root enters.
    public init(scratch: String) throws(CloudError) {
        self.scratch = scratch
        try Files.ensureDirectory(scratch, mode: 0o700)
    }

    public func make(_ comment: String) async throws(CloudError) -> (publicKey: String, privateKey: String) {
        let path = scratch + "/" + SystemDice().hex32()
        defer {
            try? Files.remove(path)
            try? Files.remove(path + ".pub")
        }
        _ = try await Command.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
        guard let secret = try Files.read(path), let open = try Files.read(path + ".pub") else {
            throw .fault("ssh-keygen left no key")
        }
        let line = String(decoding: open, as: UTF8.self)
        return (String(line.prefix { $0 != "\n" }), String(decoding: secret, as: UTF8.self))
    }

    public func fingerprint(_ publicKey: String) throws(CloudError) -> String {
        let words = publicKey.split(separator: " ", maxSplits: 2)
        // The blob begins with the length and the name of its own type (RFC 4253, 6.6): both must agree.
        guard words.count >= 2, let blob = Base64.decode(words[1].utf8), blob.count > 4 + words[0].utf8.count,
            blob.starts(with: [0, 0, 0, UInt8(truncatingIfNeeded: words[0].utf8.count)] + Array(words[0].utf8))
        else { throw .invalid("The public key is not one of SSH's.", field: "public_key") }
        return Insecure.MD5.hash(data: blob).map { Hex.string([$0]) }.joined(separator: ":")
    }
}
