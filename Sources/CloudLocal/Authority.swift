import CloudCore
import CloudHost

/// The installation's own certificate authority, made at its first start by `openssl`, and the server's certificate.
public struct Authority: Sendable {
    private let directory: String

    /// The authority's certificate: what clients trust.
    public var root: String { directory + "/ca.pem" }
    /// The server's chain and key.
    public var certificate: String { directory + "/server.pem" }
    public var key: String { directory + "/server-key.pem" }

    /// - Parameter directory: created if missing; the keys in it are only root's to read.
    public init(directory: String) throws(CloudError) {
        self.directory = directory
        try Files.ensureDirectory(directory, mode: 0o711)
    }

    /// Makes what is missing. The server's certificate is made anew where it does not name all of `names`, or ends
    /// within a month.
    public func ensure(names: [String]) async throws(CloudError) {
        if !Files.exists(root) { try await makeRoot() }
        let wanted = names.map { IPv4($0) == nil ? "DNS:" + $0 : "IP:" + $0 }.joined(separator: ",")
        let known = try Files.read(directory + "/names").map { String(decoding: $0, as: UTF8.self) }
        let isFresh =
            Files.exists(certificate)
            ? try await Command.end(["openssl", "x509", "-in", certificate, "-checkend", "2592000", "-noout"]).code == 0
            : false
        guard known != wanted || !isFresh else { return }
        try await makeServer(wanted)
        try Files.write(Array(wanted.utf8), to: directory + "/names")
    }

    private func makeRoot() async throws(CloudError) {
        let (new, key) = (root + ".new", directory + "/ca-key.pem")
        _ = try await Command.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-sha384",
            "-days", "3650", "-keyout", key, "-out", new, "-subj", "/O=Akashi/CN=Akashi installation authority",
            "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ])
        try Files.setMode(key, 0o600)
        try Files.rename(new, to: root)
    }

    private func makeServer(_ names: String) async throws(CloudError) {
        let (request, extensions, new) = (directory + "/request.pem", directory + "/extensions", certificate + ".new")
        _ = try await Command.run([
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
            "-out", request, "-subj", "/O=Akashi/CN=Akashi API",
        ])
        try Files.setMode(key, 0o600)
        try Files.write(
            Array("subjectAltName=\(names)\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n".utf8),
            to: extensions)
        _ = try await Command.run([
            "openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", directory + "/ca-key.pem",
            "-CAcreateserial",
            "-days", "397", "-sha384", "-extfile", extensions, "-out", new,
        ])
        try Files.rename(new, to: certificate)
        for leftover in [request, extensions] { try Files.remove(leftover) }
    }
}
