import CloudCore
import Subprocess

/// A short-lived program: run to its end, with its output and its time bounded.
public enum Command {
    /// What a program that ended well wrote.
    public struct Output: Sendable {
        /// Everything on stdout.
        public let bytes: [UInt8]
        /// The output as text, without the white space at its end.
        public var text: String {
            var rest = bytes[...]
            while let last = rest.last, last <= 0x20 { rest.removeLast() }
            return String(decoding: rest, as: UTF8.self)
        }
    }

    /// How a program ended, well or not.
    public struct Ending: Sendable {
        /// The exit code; 128 + N after signal N, as shells count.
        public let code: Int
        /// Everything on stdout.
        public let output: [UInt8]
        /// At most the last 2,000 bytes of what it wrote to stderr.
        public let complaint: String
    }

    /// Runs `argv` and returns what it wrote to stdout, at most `limit` bytes.
    ///
    /// - Parameter confined: as whom, other than as us; then the input has at most 65,536 bytes.
    /// - Throws: `fault` with the end of stderr for the operator where the exit code is not 0 or the output exceeds
    ///   `limit`; `timeout`, with the program killed, after `timeout`.
    @discardableResult
    public static func run(
        _ argv: [String], input: [UInt8] = [], as confined: Confined? = nil, limit: Int = 1 << 20,
        timeout: Duration = .seconds(10)
    ) async throws(CloudError) -> Output {
        let ending = try await end(argv, input: input, as: confined, limit: limit, timeout: timeout)
        guard ending.code == 0 else {
            throw .fault("\(argv.joined(separator: " ")) ended with \(ending.code): \(ending.complaint)")
        }
        return Output(bytes: ending.output)
    }

    /// Runs `argv` and tells how it ended; for programs whose exit code is an answer.
    ///
    /// - Throws: as `run`, save for the exit code.
    public static func end(
        _ argv: [String], input: [UInt8] = [], as confined: Confined? = nil, limit: Int = 1 << 20,
        timeout: Duration = .seconds(10)
    ) async throws(CloudError) -> Ending {
        let result = await withTaskGroup(of: Result<Ending, CloudError>.self) { group in
            group.addTask { await attempt(argv, input: input, as: confined, limit: limit) }
            group.addTask {
                await SystemClock().sleep(timeout)
                return .failure(
                    CloudError(.timeout, "A step took too long.", detail: "\(argv[0]) took longer than \(timeout)"))
            }
            // The first to end decides; the other is cancelled, which for a program means SIGKILL.
            let first = await group.next()!
            group.cancelAll()
            return first
        }
        return try result.get()
    }

    private static func attempt(
        _ argv: [String], input: [UInt8], as confined: Confined?, limit: Int
    ) async -> Result<Ending, CloudError> {
        do {
            guard let confined else {
                return .success(try await attempt(argv, .array(input), limit))
            }
            let file = try confined.pipe(input)
            let from = FileDescriptorInput.fileDescriptor(.init(rawValue: file), closeAfterSpawningProcess: true)
            return .success(try await attempt(confined.prefix + argv, from, limit))
        } catch let error as CloudError { return .failure(error) } catch {
            return .failure(.fault("\(argv[0]): \(error)"))
        }
    }

    private static func attempt(
        _ argv: [String], _ input: some InputProtocol, _ limit: Int
    ) async throws -> Ending {
        let program: Executable = argv[0].contains("/") ? .path(.init(argv[0])) : .name(argv[0])
        let result = try await Subprocess.run(
            program, arguments: Arguments(Array(argv.dropFirst())), input: input, output: .bytes(limit: limit),
            error: .bytes(limit: 256 << 10))
        let code =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        return Ending(
            code: code, output: result.standardOutput,
            complaint: String(decoding: result.standardError.suffix(2000), as: UTF8.self))
    }
}
