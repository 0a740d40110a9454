import ArgumentParser
import CloudChrony
import CloudCompute
import CloudCore
import CloudEdge
import CloudHost
import CloudOVN
import CloudQEMU
import CloudStrongSwan
import CloudTarget
import Glibc
import Logging

struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops the cloud: the control plane, every server and the networks. What they hold is kept.",
        discussion: "Servers are asked to shut down and have some seconds to; the next `akashi up` starts them again.")

    @OptionGroup var location: StateOption
    @Option(help: "Seconds that servers have to shut down by themselves.") var grace = 10

    func validate() throws {
        guard (0...600).contains(grace) else { throw ValidationError("--grace is 0 to 600 seconds.") }
    }

    func run() async throws {
        guard geteuid() == 0 else { throw ValidationError("akashi down must run as root, as akashi up does.") }
        guard Files.exists(location.state) else {
            throw ValidationError("There is no installation in \(location.state).")
        }
        try await explained {
            let installation = Installation(dirs: try InstanceDirs(state: location.state))
            if let control = ProcessHandle.load(installation.process) { try await control.stop(grace: .seconds(15)) }
            // Nobody starts a new one while this one clears away.
            try await installation.take()
            let servers = try await stopServers(installation)
            try await NamespaceEdge(dirs: installation.dirs, uplink: nil).release()
            let machine = try Machine(pool: installation.dirs.pool)
            try await StrongSwan(
                dirs: installation.dirs, host: machine.name, esp: .userspace, logger: Logger(label: "akashi")
            ).remove()
            try await ISCSITargets(
                dirs: installation.dirs, host: machine.name, users: installation.targetUIDs,
                logger: Logger(label: "akashi")
            ).remove()
            try await ChronyFunctions(
                dirs: installation.dirs, host: machine.name, logger: Logger(label: "akashi")
            ).remove()
            if let engine = try? await Machine.network() {
                let runtime = OVNRuntime(
                    dirs: installation.dirs, host: machine.name, engine: engine, logger: Logger(label: "akashi"))
                try await runtime.remove()
            }
            try installation.dirs.removeRun()
            print(
                "Stopped; \(servers) server\(servers == 1 ? "" : "s") shut down. The state is in \(installation.dirs.state)."
            )
        }
    }

    private func stopServers(_ installation: Installation) async throws -> Int {
        let machine = try Machine(pool: installation.dirs.pool)
        var logger = Logger(label: "akashi")
        logger.logLevel = .error
        let hypervisor = try QEMUHypervisor(
            host: machine.name, dirs: installation.dirs, namespace: installation.dirs.namespace("net"),
            accelerator: Accelerator(.tcg, why: "Nothing is started here."), logger: logger,
            imageFile: { (_) throws(CloudError) in throw .fault("nothing is started here") })
        let alive = try await hypervisor.adopt()
        let guests = try await hypervisor.guests(on: machine.name).sorted()
        for guest in guests { try? await hypervisor.pressPower(guest, on: machine.name) }
        let end = ContinuousClock.now + .seconds(grace)
        var left = guests
        while !left.isEmpty, ContinuousClock.now < end {
            var still: [ID<Server>] = []
            for guest in left where try await hypervisor.state(of: guest, on: machine.name) == .running {
                still.append(guest)
            }
            left = still
            if !left.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        }
        for guest in guests { try await hypervisor.ensureStopped(guest, on: machine.name) }
        hypervisor.release()
        return alive
    }
}
