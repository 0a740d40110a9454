import CloudCore
import CloudHost

/// The kernel's network tools, run in the edge's namespace.
struct EdgeTools: Sendable {
    let namespace: NetworkNamespace

    private static let most = 64 << 20
    private static let patience = Duration.seconds(30)

    /// What a tool wrote as JSON; null where it wrote nothing.
    func json(_ argv: [String]) async throws(CloudError) -> JSON {
        let bytes = try await Command.run(namespace.enter(argv), limit: Self.most, timeout: Self.patience).bytes
        guard bytes.contains(where: { $0 > 0x20 }) else { return .null }
        return try JSON.parse(bytes)
    }

    func text(_ argv: [String]) async throws(CloudError) -> String {
        try await Command.run(namespace.enter(argv), limit: Self.most, timeout: Self.patience).text
    }

    /// Gives a tool many commands at once; none is no call.
    func batch(_ argv: [String], _ lines: [String]) async throws(CloudError) {
        guard !lines.isEmpty else { return }
        let input = Array((lines.joined(separator: "\n") + "\n").utf8)
        try await Command.run(namespace.enter(argv), input: input, limit: Self.most, timeout: Self.patience)
    }

    /// What is in nftables, without the wrapping; nil where there is no such thing.
    func nft(_ arguments: [String]) async throws(CloudError) -> [JSON]? {
        let argv = namespace.enter(["nft", "-j"] + arguments)
        let ending = try await Command.end(argv, limit: Self.most, timeout: Self.patience)
        guard ending.code == 0 else {
            if ending.complaint.contains("No such file or directory") { return nil }
            throw .fault("\(argv.joined(separator: " ")) ended with \(ending.code): \(ending.complaint)")
        }
        return try JSON.parse(ending.output)["nftables"]?.array ?? []
    }
}
