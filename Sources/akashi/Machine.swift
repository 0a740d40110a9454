import CloudCompute
import CloudCore
import CloudHost
import CloudOVN
import Glibc

/// What this machine has, found by looking.
struct Machine: Sendable {
    let name: HostName
    let vcpus: Int
    /// MiB that guests may have: all but a gigabyte, or half of a small machine.
    let memory: Int
    /// GiB free where disks are kept.
    let disk: Int

    init(pool: String) throws(CloudError) {
        var text = [CChar](repeating: 0, count: 256)
        guard gethostname(&text, 255) == 0 else { throw .fault("gethostname failed") }
        name = HostName(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        vcpus = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let all = sysconf(Int32(_SC_PHYS_PAGES)) / 1024 * sysconf(Int32(_SC_PAGESIZE)) / 1024
        memory = max(all - 1024, all / 2)
        var info = statvfs()
        guard statvfs(pool, &info) == 0 else { throw Files.failure("statvfs", pool) }
        disk = (Int(info.f_bavail) * Int(info.f_frsize)) >> 30
    }

    func host(zone: String, _ accelerator: Accelerator) -> Host {
        var host = Host()
        (host.zone, host.vcpus, host.memory, host.disk) = (zone, vcpus, memory, disk)
        host.accelerator = accelerator.kind.rawValue
        return host
    }

    /// The OVN that this machine can run: the distribution's with the kernel's datapath, else the fetched one.
    static func network() async throws(CloudError) -> OVNEngine {
        if await OVNEngine.kernelForwards() { return try await .installed() }
        let cache = getenv("AKASHI_CACHE").map { String(cString: $0) } ?? "/var/cache/akashi"
        let found = (Files.exists(cache) ? try Files.names(in: cache) : []).filter {
            $0.hasPrefix("ovn-") && Files.exists("\(cache)/\($0)/bin/ovs-vswitchd")
        }
        guard let newest = found.max() else {
            throw .unavailable(
                "network", "the kernel has no openvswitch module and no OVN is in \(cache): run deps/fetch-ovn")
        }
        return try await .fetched(cache + "/" + newest)
    }
}
