import CloudCore
import CloudNetwork

/// Why a tunnel is down, read from the end of charon's log and said in words that its owner may read.
enum Reasons {
    /// What charon writes, and what it means. Later lines count more than earlier ones.
    private static let meanings: [(sign: String, meaning: String)] = [
        ("MAC mismatched", "The pre-shared keys of the two ends differ."),
        ("no shared key found", "The peer says it is someone else than peer_id."),
        ("no matching peer config found", "The peer says it is, or takes us for, someone else than was agreed."),
        ("no trusted", "The peer's certificate is not of the authority that was given."),
        ("no issuer certificate found", "The peer's certificate is not of the authority that was given."),
        ("constraint check failed", "The peer's certificate is not one that was agreed."),
        ("constraint requires", "The peer's certificate is not one that was agreed."),
        ("no private key found", "The private key does not belong to the certificate."),
        ("received AUTHENTICATION_FAILED", "The peer refused our key, certificate or local_id."),
        ("received NO_PROPOSAL_CHOSEN", "The peer takes none of what the policies propose."),
        ("no acceptable proposal found", "The peer proposes nothing that the policies allow."),
        ("configured proposals:", "The peer proposes nothing that the policies allow."),
        ("TS_UNACCEPTABLE", "The two ends do not agree on the networks behind them."),
        ("traffic selectors", "The two ends do not agree on the networks behind them."),
        ("giving up after", "The peer does not answer."),
        ("retransmit", "The peer does not answer."),
        ("peer not responding", "The peer does not answer."),
    ]

    /// - Parameters:
    ///   - log: lines of charon; those of a tunnel hold `<NAME|`, those of a call before it is known whose it is `<N>`.
    ///   - peer: whose calls are taken for the tunnel's.
    static func read(_ log: String, of tunnel: String, with peer: IPv4?) -> String {
        let lines = log.split(separator: "\n")
        var calls: Set<Substring> = []
        if let peer {
            for line in lines where line.contains(" \(peer) is initiating") {
                if let mark = mark(line) { calls.insert(mark) }
            }
        }
        let own = lines.filter { $0.contains("<\(tunnel)|") || mark($0).map(calls.contains) ?? false }
        for line in own.reversed() {
            if line.contains(" established ") { return "The tunnel has ended." }
            if let found = meanings.first(where: { line.contains($0.sign) }) { return found.meaning }
        }
        return "The peer has not been heard of."
    }

    /// The `<…>` of a line.
    private static func mark(_ line: Substring) -> Substring? {
        guard let start = line.firstIndex(of: "<"), let end = line[start...].firstIndex(of: ">") else { return nil }
        return line[start...end]
    }
}
