import ArgumentParser
import CloudCore
import CloudHost
import Glibc

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts the cloud, or takes it over where it was left running.",
        discussion: """
            Runs in the foreground. Ctrl-C or SIGTERM ends the control plane alone: servers and networks go on, and the
            next `akashi up` takes them over. `akashi down` stops everything.
            """)

    @OptionGroup var location: StateOption
    @OptionGroup var internet: UplinkOptions
    @OptionGroup var token: TokenOptions
    @Option(help: "The port of the API.") var port = 8443
    @Option(help: "The port of servers' consoles, 0 for none; the one after the API's unless said otherwise.")
    var consolePort: Int?
    @Option(help: "The address to listen on.") var listen = "127.0.0.1"
    @Option(help: "The name or address that users reach the API by; the listening address unless said otherwise.")
    var publicName: String?
    @Option(help: "The region's name.") var region = "jp1"
    @Option(help: "This machine's availability zone.") var zone = "zone1-groupa"
    @Option(help: "Requests a second that one user may make, four times as many at once; 0 for no limit.")
    var requestRate = 500
    @Option(help: "Minutes between two runs of the isolation probe, 5 to 1440; 0 for none on schedule.")
    var probeMinutes = 50
    @Flag(help: "Serve plain HTTP; only on a loopback address.") var plainHTTP = false
    @Flag(name: .shortAndLong, help: "Go to the background when ready.") var detach = false

    func validate() throws {
        guard (1...65_535).contains(port) else { throw ValidationError("--port is 1 to 65535.") }
        guard (0...1_000_000).contains(requestRate) else { throw ValidationError("--request-rate is 0 to 1000000.") }
        guard probeMinutes == 0 || (5...1440).contains(probeMinutes) else {
            throw ValidationError("--probe-minutes is 5 to 1440, or 0 for none.")
        }
        guard consolePort.map({ (0...65_535).contains($0) && $0 != port }) ?? true else {
            throw ValidationError("--console-port is 1 to 65535 and not the API's, or 0 for none.")
        }
        guard !plainHTTP || listen.hasPrefix("127.") || listen == "localhost" else {
            throw ValidationError("Plain HTTP is served on a loopback address only: passwords travel over it.")
        }
        guard
            publicName.map({
                !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) }
            }) ?? true
        else { throw ValidationError("--public-name is a host name or an IPv4 address.") }
    }

    func run() async throws {
        guard geteuid() == 0 else {
            throw ValidationError(
                "akashi up must run as root: it makes network namespaces and runs each server as a user of its own.")
        }
        try await explained {
            let installation = Installation(dirs: try InstanceDirs(state: location.state))
            if detach { return try await goToBackground(installation) }
            try await ControlPlane(installation, self).run()
        }
    }

    /// Starts this command anew without `--detach`, unless it runs already, and waits until it is ready or has failed.
    private func goToBackground(_ installation: Installation) async throws {
        let clock = ContinuousClock()
        let began = clock.now
        let from = Files.status(installation.log).map { Int($0.st_size) } ?? 0
        let running = ProcessHandle.load(installation.process).flatMap { $0.isAlive ? $0 : nil }
        let control = try running ?? start(installation)
        while !Files.exists(installation.ready) {
            guard control.isAlive, clock.now - began < .seconds(60) else {
                let said = try Files.read(installation.log, limit: 64 << 20) ?? []
                throw CloudError(
                    .unavailable, "Akashi did not come up; \(installation.log) says:",
                    detail: String(decoding: said.dropFirst(from).suffix(2000), as: UTF8.self))
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        if running != nil { print("Akashi already runs in \(installation.dirs.state) (pid \(control.pid)).") }
        print(String(decoding: try Files.read(installation.ready) ?? [], as: UTF8.self), terminator: "")
        if running == nil { print("Ready after \((clock.now - began).formatted).") }
    }

    private func start(_ installation: Installation) throws -> ProcessHandle {
        try Files.remove(installation.ready)
        let cache = getenv("AKASHI_CACHE").map { ["AKASHI_CACHE": String(cString: $0)] } ?? [:]
        return try Spawn.detached(
            ["/proc/self/exe"] + CommandLine.arguments.dropFirst().filter { $0 != "--detach" && $0 != "-d" },
            environment: Spawn.plainEnvironment.merging(cache) { $1 }, log: installation.log)
    }
}

extension Duration {
    /// As `0.42 s`.
    var formatted: String {
        let hundredths = components.seconds * 100 + components.attoseconds / 10_000_000_000_000_000
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
    }
}
