import CloudCore
import CloudHost
import CloudImage
import CloudWire
import Foundation
import Testing

import CloudLocal

private func scratch() throws -> String {
    let path = NSTemporaryDirectory() + "akashi-local-" + UUID().uuidString
    try Files.ensureDirectory(path, mode: 0o700)
    return path
}

@Suite("What this machine's tools and libraries do for the cloud")
struct LocalTests {
    @Test("A password has many hashes, each of which knows it and no other")
    func passwords() async throws {
        let vault = try CryptoVault(keyFile: scratch() + "/key")
        let (one, other) = (try await vault.hash("correct horse"), try await vault.hash("correct horse"))
        #expect(one != other && !one.contains("horse"))
        #expect(try await vault.verify("correct horse", one))
        #expect(!(try await vault.verify("correct hors", one)))
        #expect(!(try await vault.verify("", "")))
        #expect(!(try await vault.verify("correct horse", "scrypt$16384$8$1$$")))
    }

    @Test("Signatures outlast a restart and differ between installations")
    func signatures() throws {
        let path = try scratch() + "/key"
        let mac = try CryptoVault(keyFile: path).mac([1, 2, 3])
        #expect(mac.count == 32)
        #expect(try CryptoVault(keyFile: path).mac([1, 2, 3]) == mac)
        #expect(try CryptoVault(keyFile: scratch() + "/key").mac([1, 2, 3]) != mac)
        #expect(Files.status(path).map { $0.st_mode & 0o777 } == 0o600)
    }

    @Test("A made SSH key has the fingerprint that ssh-keygen finds, and its private half is not kept")
    func sshKeys() async throws {
        let directory = try scratch()
        let keys = try LocalKeys(scratch: directory)
        let (open, secret) = try await keys.make(.ssh, "laptop")
        #expect(secret.hasPrefix("-----BEGIN OPENSSH PRIVATE KEY-----"))
        #expect(try Files.names(in: directory).isEmpty)
        try Files.write(Array(open.utf8), to: directory + "/key.pub")
        let said = try await Command.run(["ssh-keygen", "-l", "-E", "md5", "-f", directory + "/key.pub"]).text
        #expect(said.contains("MD5:" + (try keys.fingerprint(.ssh, open))))
    }

    @Test("A made certificate has the fingerprint that openssl finds, and lets in clients")
    func certificates() async throws {
        let directory = try scratch()
        let keys = try LocalKeys(scratch: directory)
        let (open, secret) = try await keys.make(.x509, "laptop")
        #expect(secret.hasPrefix("-----BEGIN PRIVATE KEY-----"))
        try Files.write(Array(open.utf8), to: directory + "/cert.pem")
        let ask = ["openssl", "x509", "-noout", "-fingerprint", "-sha1", "-ext", "extendedKeyUsage", "-in"]
        let said = try await Command.run(ask + [directory + "/cert.pem"]).text
        #expect(said.lowercased().contains("fingerprint=" + (try keys.fingerprint(.x509, open))))
        #expect(said.contains("TLS Web Client Authentication"))
        #expect(throws: CloudError.self) { try keys.fingerprint(.x509, "-----BEGIN CERTIFICATE-----") }
    }

    @Test(
        "What is no SSH key is refused",
        arguments: ["", "ssh-rsa", "ssh-rsa AAAA", "ssh-rsa !!!!", "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAA"])
    func badKeys(_ text: String) throws {
        #expect(throws: CloudError.self) { try LocalKeys(scratch: scratch()).fingerprint(.ssh, text) }
    }

    @Test(
        "An image is received as a stream with its digests, and nothing is left of one that breaks off or is too large")
    func imageFiles() async throws {
        let directory = try scratch()
        let files = try LocalImageFiles(directory: directory)
        let got = try await files.receive(ID("a"), Chunk(Array("abc".utf8)), limit: 3)
        #expect(got.size == 3 && got.md5 == "900150983cd24fb0d6963f7d28e17f72")
        #expect(got.sha512.hasPrefix("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"))
        await #expect(throws: CloudError.self) { _ = try await files.receive(ID("b"), Chunk([1, 2, 3, 4]), limit: 3) }
        #expect(try await files.bytes(ID("a"), at: 1, count: 9) == Array("bc".utf8))
        #expect(try await files.all() == [ID("a")])
        #expect(try Files.names(in: directory) == ["a"])
        try await files.remove(ID("a"))
        try await files.remove(ID("a"))
        #expect(try await files.all().isEmpty)
    }

    @Test(
        "The authority's certificate vouches for the server's, which names every name and is made anew when they change"
    )
    func authority() async throws {
        let authority = try Authority(directory: scratch() + "/tls")
        try await authority.ensure(names: ["127.0.0.1", "localhost"])
        let first = try Files.read(authority.certificate)
        try await authority.ensure(names: ["127.0.0.1", "localhost"])
        #expect(try Files.read(authority.certificate) == first)
        try await authority.ensure(names: ["127.0.0.1", "cloud.example"])
        #expect(try Files.read(authority.certificate) != first)
        _ = try await Command.run(["openssl", "verify", "-CAfile", authority.root, authority.certificate])
        let text = try await Command.run([
            "openssl", "x509", "-in", authority.certificate, "-noout", "-ext", "subjectAltName",
        ]).text
        #expect(text.contains("DNS:cloud.example") && text.contains("IP Address:127.0.0.1"))
        for secret in [authority.key, authority.root.replacing("ca.pem", with: "ca-key.pem")] {
            #expect(Files.status(secret).map { $0.st_mode & 0o777 } == 0o600)
        }
    }
}
