import ArgumentParser
import CloudCore
import CloudHost
import CloudOVN
import CloudStrongSwan
import CloudToken
import Glibc

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what this machine has, what Akashi chooses of it, and what is missing.")

    @OptionGroup var location: StateOption

    /// Programs that are started, and the Debian package that each is from.
    private static let programs = [
        ("qemu-system-x86_64", "qemu-system-x86"), ("ip", "iproute2"), ("tc", "iproute2"), ("nsenter", "util-linux"),
        ("setpriv", "util-linux"), ("nft", "nftables"), ("openssl", "openssl"), ("ssh-keygen", "openssh-client"),
        ("curl", "curl"), ("cryptsetup", "cryptsetup-bin"), ("qemu-img", "qemu-utils"),
    ]

    func run() async throws {
        var problems = 0
        func say(_ isGood: Bool, _ subject: String, _ text: String) {
            if !isGood { problems += 1 }
            print(
                (isGood ? "ok    " : "LACK  ") + subject + String(repeating: " ", count: max(1, 10 - subject.count))
                    + text)
        }
        say(geteuid() == 0, "user", geteuid() == 0 ? "root" : "not root: akashi up needs it")
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(separator: ":")
        for (program, package) in Self.programs {
            let place = path.map { "\($0)/\(program)" }.first(where: Files.exists)
            say(place != nil, "program", place ?? "\(program) is missing: apt-get install \(package)")
        }
        let scratch = "/tmp/akashi-doctor-\(getpid())"
        try Files.ensureDirectory(scratch, mode: 0o700)
        defer { try? Files.remove(scratch) }
        let accelerator = await Accelerator.probe(scratch: scratch)
        say(true, "servers", "\(accelerator.kind.rawValue.uppercased()). \(accelerator.why)")
        do {
            let engine = try await Machine.network()
            say(engine.refusal == nil, "network", engine.refusal ?? engine.summary)
        } catch { say(false, "network", error.detail ?? error.message) }
        let esp = await ESP.probe()
        say(ESP.lack == nil, "vpn", ESP.lack ?? esp.fact)
        let library = SoftHSM.library()
        say(library != nil, "keys", library ?? "SoftHSM is missing: apt-get install softhsm2")
        let noVNC = try NoVNC.find()
        say(noVNC != nil, "consoles", noVNC ?? "noVNC is missing: \(NoVNC.advice)")
        let pool = Files.exists(location.state) ? location.state : "/var"
        let machine = try Machine(pool: pool)
        say(
            machine.disk >= 10, "disk",
            "\(machine.disk) GiB free in \(pool)" + (machine.disk < 10 ? ": at least 10 are wanted" : ""))
        say(machine.memory >= 1024, "memory", "\(machine.memory) MiB for servers, \(machine.vcpus) processors")
        guard problems == 0 else { throw ExitCode(1) }
    }
}
