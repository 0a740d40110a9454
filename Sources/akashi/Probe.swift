import ArgumentParser
import CloudCore
import CloudHost
import Glibc

struct Probe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tries whether the running cloud keeps its promises.", subcommands: [ProbeIsolation.self])
}

struct ProbeIsolation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isolation", abstract: "Tries to get from tenant's network to tenant's network, with real frames.",
        discussion: """
            Exit code 0: every pair was tried, and none led across. 1: something got across. 2: it could not be tried.
            Must run as whoever may read the installation's openrc-admin.
            """)

    @OptionGroup var location: StateOption
    @Option(name: .customLong("network"), help: "A network to try; several may be named. Otherwise the cloud chooses.")
    var networks: [String] = []
    @Option(help: "Seconds to wait for the result.") var timeout = 300
    @Flag(help: "Print what the API says.") var json = false

    func validate() throws {
        guard (10...3600).contains(timeout) else { throw ValidationError("--timeout is 10 to 3600 seconds.") }
        guard networks.count <= 12 else { throw ValidationError("At most twelve networks are tried at once.") }
    }

    func run() async throws {
        let result: JSON
        do {
            let client = try await OperatorClient(state: location.state)
            result = try await finished(try await order(client), client)
        } catch let error as CloudError {
            let text = Array("akashi: it could not be tried: \(error.forOperator)\n".utf8)
            _ = write(STDERR_FILENO, text, text.count)
            throw ExitCode(2)
        }
        print(json ? result.text : ProbeReportText(result).text)
        switch result["verdict"] {
        case "blocked": return
        case "crossed": throw ExitCode(1)
        default: throw ExitCode(2)
        }
    }

    /// Starts a run, after the one that runs already.
    private func order(_ client: OperatorClient) async throws -> String {
        let end = ContinuousClock.now + .seconds(timeout)
        let body: JSON = ["isolation_probe": ["networks": .array(networks.map(JSON.string))]]
        while true {
            let answer = try await client.send("POST", "/v1/isolation-probes", body)
            if let id = answer.body["isolation_probe"]?["id"]?.string { return id }
            guard answer.status == 409, ContinuousClock.now < end else {
                throw CloudError(.unavailable, answer.body["error"]?["message"]?.string ?? "HTTP \(answer.status)")
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func finished(_ id: String, _ client: OperatorClient) async throws -> JSON {
        let end = ContinuousClock.now + .seconds(timeout)
        while ContinuousClock.now < end {
            let probe = try await client.send("GET", "/v1/isolation-probes/" + id).body["isolation_probe"]
            if let probe, probe["status"] == "done" { return probe }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw CloudError(.timeout, "Probe \(id) had no result after \(timeout) seconds.")
    }
}

/// The API as the installation's administrator.
struct OperatorClient {
    private let base: String
    private let root: String?
    private var token = ""

    /// Logs in with what the installation keeps for its administrator.
    init(state: String) async throws(CloudError) {
        let file = state + "/openrc-admin"
        guard let bytes = try Files.read(file) else { throw CloudError(.unavailable, "There is no \(file).") }
        var known: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("export ") {
            let sides = line.dropFirst(7).split(separator: "=", maxSplits: 1)
            if sides.count == 2 { known[String(sides[0])] = String(sides[1]) }
        }
        base = (known["OS_AUTH_URL"] ?? "").replacing("/identity/v3", with: "")
        root = known["OS_CACERT"]
        let user: JSON = [
            "name": .string(known["OS_USERNAME"] ?? ""), "domain": ["id": "default"],
            "password": .string(known["OS_PASSWORD"] ?? ""),
        ]
        let body: JSON = [
            "auth": [
                "identity": ["methods": ["password"], "password": ["user": user]],
                "scope": ["project": ["id": .string(known["OS_PROJECT_ID"] ?? "")]],
            ]
        ]
        let answer = try await exchange("POST", "/identity/v3/auth/tokens", body)
        let header = answer.head.split(whereSeparator: \.isNewline).first {
            $0.lowercased().hasPrefix("x-subject-token:")
        }
        guard let value = header?.split(separator: ":", maxSplits: 1).last else {
            throw CloudError(.unavailable, "The administrator cannot log in: HTTP \(answer.status).")
        }
        token = String(value.drop { $0 == " " })
    }

    func send(_ method: String, _ path: String, _ body: JSON? = nil) async throws(CloudError) -> (
        status: Int, body: JSON
    ) {
        let answer = try await exchange(method, path, body)
        return (answer.status, answer.body)
    }

    /// By curl; what is secret goes over its input, where no other user sees it.
    private func exchange(_ method: String, _ path: String, _ body: JSON?) async throws(CloudError) -> (
        status: Int, head: String, body: JSON
    ) {
        var lines = ["url = \(quoted(base + path))", "request = \(method)", "max-time = 30", "silent", "show-error"]
        lines += ["include", "header = \"Content-Type: application/json\""]
        if let root { lines.append("cacert = \(quoted(root))") }
        if !token.isEmpty { lines.append("header = \(quoted("X-Auth-Token: " + token))") }
        if let body { lines.append("data-binary = \(quoted(body.text))") }
        let said = try await Command.end(
            ["curl", "-q", "-K", "-"], input: Array(lines.joined(separator: "\n").utf8), limit: 8 << 20,
            timeout: .seconds(35))
        guard said.code == 0 else {
            throw CloudError(.unavailable, "The API does not answer at \(base).", detail: said.complaint)
        }
        let text = String(decoding: said.output, as: UTF8.self)
        guard let gap = text.firstRange(of: "\r\n\r\n"),
            let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0.prefix(3)) })
        else { throw CloudError(.unavailable, "The API at \(base) does not speak HTTP.") }
        let rest = Array(text[gap.upperBound...].utf8)
        return (status, String(text[..<gap.lowerBound]), rest.isEmpty ? .null : try JSON.parse(rest))
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
