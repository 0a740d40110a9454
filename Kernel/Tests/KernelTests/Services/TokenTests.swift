import CloudCore
@testable import CloudIdentity
import CloudSim
import Testing

@Suite("Tokens")
struct TokenTests {
    private let token = Token(
        user: ID("u1"), generation: 3, scope: .project(ID("p1")), methods: ["password", "token"],
        issuedAt: Instant(microseconds: 1),
        expiresAt: Instant(microseconds: 2), auditID: "a1", parentID: "")

    @Test("what is sealed is opened as it was, by the same vault only")
    func whole() {
        let text = token.sealed(SimVault())
        #expect(Token(text, SimVault()) == token)
        #expect(Token(text, SimVault(key: 2)) == nil)
        var unscoped = token
        unscoped.scope = nil
        #expect(Token(unscoped.sealed(SimVault()), SimVault()) == unscoped)
        for scope in [Scope.domain(ID("d1")), .system] {
            var other = token
            (other.scope, other.credential) = (scope, ID("c1"))
            #expect(Token(other.sealed(SimVault()), SimVault()) == other)
        }
    }

    @Test("a token with any byte changed, missing or more is none")
    func forged() {
        let bytes = Array(token.sealed(SimVault()).utf8)
        for place in bytes.indices {
            for change: UInt8 in [1, 2, 0x20, 0x80] {
                var forged = bytes
                forged[place] ^= change
                let opened = Token(String(decoding: forged, as: UTF8.self), SimVault())
                // The last digit of base64 has bits that mean nothing: what it says is then still what was sealed.
                #expect(opened == nil || opened == token, "byte \(place)")
            }
            var shorter = bytes
            shorter.remove(at: place)
            let opened = Token(String(decoding: shorter, as: UTF8.self), SimVault())
            #expect(opened == nil || opened == token, "without byte \(place)")
        }
        for text in ["", ".", "..", "a.b", "a", String(decoding: bytes, as: UTF8.self) + ".x"] {
            #expect(Token(text, SimVault()) == nil, "\(text)")
        }
    }
}
