import CloudCore
import Testing

@testable import CloudNetwork

@Suite("Only what CRYPTREC recommends may be configured")
struct CryptoPolicyTests {
    @Test(
        "what is on the list is allowed for its use, however it is spelled",
        arguments: [
            ("aes-256-xts", CryptoUse.disk), ("AES128-XTS", .disk), ("camellia-256-xts", .disk),
            ("aes-256-gcm", .sealing), ("Camellia-128-CCM", .sealing), ("chacha20-poly1305", .sealing),
            ("aes-192-cbc", .traffic), ("kcipher-2-128", .traffic), ("aes-256-gcm", .traffic),
            ("hmac-sha-256", .integrity), ("HMAC-SHA256", .integrity), ("cmac-aes-256", .integrity),
            ("sha-512/256", .digest), ("sha3-384", .digest), ("SHAKE256", .digest),
            ("ecdsa-p-384", .signature), ("rsa-pss-3072", .signature), ("eddsa-ed25519", .signature),
            ("RSASSA_PKCS1_v1_5-2048", .signature), ("dh-2048", .keyExchange), ("ecdh-p-256", .keyExchange),
            ("rsa-oaep-4096", .keyTransport),
        ])
    func allowed(_ name: String, _ use: CryptoUse) throws { try CryptoPolicy.require(name, for: use) }

    @Test(
        "what is not, or is for something else, is refused with the list",
        arguments: [
            ("aes-192-xts", CryptoUse.disk, "aes-256-xts"), ("aes-256-cbc", .disk, "aes-128-xts"),
            ("aes-256-cbc", .sealing, "aes-256-gcm"), ("aes-256", .sealing, "aes-256-gcm"), ("", .disk, "aes-256-xts"),
            ("3des-cbc", .traffic, "aes-128-cbc"), ("rc4", .traffic, "kcipher-2-128"), ("xts", .disk, "aes-256-xts"),
            ("hmac-sha-1", .integrity, "hmac-sha-256"), ("hmac-md5", .integrity, "cmac-aes-128"),
            ("sha-1", .digest, "sha-256"), ("blake2b", .digest, "sha3-512"),
            ("rsa-pss-1024", .signature, "ecdsa-p-256"),
            ("dh-1024", .keyExchange, "dh-2048"), ("ecdh-p-192", .keyExchange, "ecdh-p-521"),
            ("rsaes-pkcs1-v1_5-2048", .keyTransport, "rsa-oaep-2048"), ("poly1305-aes", .integrity, "hmac-sha-512"),
            (String(repeating: "aes", count: 100), .sealing, "chacha20-poly1305"),
        ])
    func refused(_ name: String, _ use: CryptoUse, _ instead: String) {
        do throws(CloudError) {
            try CryptoPolicy.require(name, for: use, field: "cipher")
            Issue.record("\(name) was allowed for \(use)")
        } catch {
            #expect(error.code == .invalid && error.field == "cipher" && error.message.contains("CRYPTREC"))
            #expect(error.message.contains(instead), "\(error.message)")
            #expect(error.message.contains("'\(name.prefix(64))'"))
        }
    }

    @Test("a name is quoted without its line ends")
    func quoted() {
        #expect(throws: CloudError.self) { try CryptoPolicy.require("a\r\nb", for: .disk) }
        do throws(CloudError) { try CryptoPolicy.require("a\r\nb", for: .disk) } catch {
            #expect(error.message.hasPrefix("'ab' "))
        }
    }

    @Test("the list is whole, and each use has its choices")
    func data() {
        let names = ListedAlgorithm.recommended.map(\.name)
        #expect(Set(names).count == names.count && names.count == 30)
        #expect(ListedAlgorithm.recommended.allSatisfy { !$0.role.isEmpty })
        for use in CryptoUse.allCases {
            let allowed = CryptoPolicy.allowed(for: use)
            #expect(!allowed.isEmpty && Set(allowed).count == allowed.count, "\(use)")
            #expect(allowed.allSatisfy { CryptoPolicy.allows($0, for: use) })
        }
        #expect(
            CryptoPolicy.allowed(for: .disk) == ["aes-128-xts", "aes-256-xts", "camellia-128-xts", "camellia-256-xts"])
        for family in ListedAlgorithm.Family.allCases {
            #expect(ListedAlgorithm.recommended.contains { $0.family == family }, "\(family)")
        }
    }

    @Test("all that VPN gateways know is on the list")
    func tunnels() {
        #expect(VPNCipher.offered == VPNCipher.allCases)
        #expect(VPNHash.offered == VPNHash.allCases)
        #expect(VPNGroup.offered == VPNGroup.allCases)
    }
}
