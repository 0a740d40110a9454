import ArgumentParser
import CloudCore
import Glibc

@main
struct Akashi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akashi",
        abstract: "An enterprise cloud on your own machines, which proves its own security white paper.",
        subcommands: [Up.self, Down.self, Status.self, Doctor.self, Probe.self, SchemaCommand.self])
}

/// Where an installation keeps its state.
struct StateOption: ParsableArguments {
    @Option(help: ArgumentHelp("The installation's state directory.", valueName: "directory"))
    var state = "/var/lib/akashi"
}

extension CloudError {
    /// For the operator's terminal: what went wrong and why.
    var forOperator: String { message + (detail.map { "\n  " + $0 } ?? "") }
}

/// Ends the command with a clear reason instead of a dump.
func explained<T>(_ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as CloudError {
        let text = Array("akashi: \(error.forOperator)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        throw ExitCode.failure
    }
}
