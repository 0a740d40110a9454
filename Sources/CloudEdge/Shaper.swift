import CloudCore
import CloudHost

/// HTB on one device: the kernel is told here what `Shaping` says.
struct Shaper: Sendable {
    let tools: EdgeTools
    let device: String

    /// Makes every class as it is to be; what is there beyond those stays, as rules may name it still.
    func ensure(_ shaping: Shaping) async throws(CloudError) {
        let there = try await qdiscs()
        if !there.contains(Self.root) { try await tc(["qdisc add dev \(device) root handle 1: htb default 2"]) }
        if shaping.most != nil || there.contains("qdisc bfifo 2:") {
            return try await tc(shaping.commands(device, fair: false))
        }
        do {
            try await tc(shaping.commands(device, fair: true))
        } catch  where error.detail?.contains("qdisc kind is unknown") ?? false {
            try await tc(shaping.commands(device, fair: false))
        }
    }

    /// Removes the classes that nobody has any more.
    func trim(keeping kept: Set<Int>) async throws(CloudError) {
        let there = Shaping.read(try await tools.text(["tc", "class", "show", "dev", device]))
        let gone = there.filter { Shaping.numbers.contains($0) && !kept.contains($0) }.sorted()
        try await tc(gone.map { "class del dev \(device) classid \(Shaping.name($0))" })
    }

    /// Leaves the device as it was. Done where nothing was shaped.
    func remove() async throws(CloudError) {
        if try await qdiscs().contains(Self.root) { try await tc(["qdisc del dev \(device) root"]) }
    }

    private static let root = "qdisc htb 1: root"

    private func qdiscs() async throws(CloudError) -> String {
        try await tools.text(["tc", "qdisc", "show", "dev", device])
    }

    private func tc(_ commands: [String]) async throws(CloudError) {
        try await tools.batch(["tc", "-batch", "-"], commands)
    }
}
