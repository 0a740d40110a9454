import CloudCore
import CloudNetwork
import Testing

@testable import CloudStrongSwan

@Suite("What charon is told, and says")
struct ViciTests {
    @Test("what is written is read again; what is cut short is refused")
    func codec() throws {
        var inner = ViciMessage()
        inner.set("text", "a\nb = c }")
        var message = ViciMessage()
        message.set("list", ["", "x", String(repeating: "y", count: 300)])
        message.set("section", inner)
        let bytes = message.bytes
        #expect(ViciMessage(bytes) == message)
        #expect(ViciMessage(bytes)?.section("section")?.text("text") == "a\nb = c }")
        for cut in 1..<bytes.count {
            let part = ViciMessage(Array(bytes.prefix(cut)))
            // Cut between two members, it is a message too.
            #expect(part == nil || part!.bytes.count == cut)
        }
        #expect(ViciMessage([9]) == nil)
        #expect(ViciMessage([UInt8](repeating: 1, count: 100)) == nil)
    }

    @Test("a secret shows in no description")
    func secrets() {
        let secret = Secret("hush hush")
        let proof = TunnelSpec.Proof.shared(secret)
        for text in ["\(secret)", String(reflecting: secret), "\(proof)", String(reflecting: proof)] {
            #expect(!text.contains("hush"))
        }
    }

    @Test("the log is read by its latest line that says why")
    func reasons() {
        let log = """
            2026-11-23T16:00:00 05[IKE] <t1|1> tried 1 shared key for 'a' - 'b', but MAC mismatched
            2026-11-23T16:00:01 05[IKE] <t2|2> received NO_PROPOSAL_CHOSEN notify error
            2026-11-23T16:00:02 05[IKE] <t1|3> giving up after 4 retransmits
            2026-11-23T16:00:03 05[IKE] <4> 192.0.2.9 is initiating an IKE_SA
            2026-11-23T16:00:03 05[CFG] <4> no matching peer config found
            """
        let stranger = Reasons.read(log, of: "t3", with: IPv4("192.0.2.9"))
        #expect(stranger == "The peer says it is, or takes us for, someone else than was agreed.")
        #expect(Reasons.read(log, of: "t1", with: nil) == "The peer does not answer.")
        #expect(Reasons.read(log, of: "t2", with: nil) == "The peer takes none of what the policies propose.")
        #expect(Reasons.read(log, of: "t3", with: nil) == "The peer has not been heard of.")
    }
}
