import CloudCore
import CloudHost

/// Runs QEMU's tools and cryptsetup for one call.
struct Tool: Sendable {
    let place: Workplace
    /// Groups that may read the layers at hand.
    var groups: [Int] = []

    /// Runs a tool to its end; what it wrote to stdout.
    ///
    /// - Throws: `unavailable` where the pool is full, `conflict` where another process has a layer open, `invalid`
    ///   where a secret is not its layer's, `fault` otherwise, `timeout`.
    @discardableResult
    func run(_ argv: [String], input: [UInt8], timeout: Duration) async throws(CloudError) -> [UInt8] {
        let ending = try await Command.end(
            argv, input: input, as: Confined(user: place.user, groups: groups), timeout: timeout)
        guard ending.code == 0 else {
            // The command line stays out of it: it is long, and says nothing that the tool does not.
            let name = argv.prefix { !$0.hasPrefix("-") }.joined(separator: " ")
            throw PoolError.of(.fault("\(name) ended with \(ending.code): \(ending.complaint)"))
        }
        return ending.output
    }

    /// How long a call may take that reads or writes a whole disk.
    static func deadline(_ size: Gibibytes) -> Duration { .seconds(300 + 60 * size.count) }
}

/// What the tools and the system say, in words that a caller can act upon.
enum PoolError {
    static func of(_ error: CloudError) -> CloudError {
        guard error.code == .fault, let detail = error.detail else { return error }
        func says(_ words: String...) -> Bool { words.contains { detail.contains($0) } }
        if says("No space left on device", "Disk quota exceeded", "File too large") {
            return .unavailable("storage pool", "it is full: " + detail)
        }
        if says("Invalid password") {
            return CloudError(.invalid, "The secret does not open the layer.", detail: detail)
        }
        if says("Failed to get", "Is another process using the image") {
            return CloudError(.conflict, "The disk is in use.", detail: detail)
        }
        return error
    }
}
