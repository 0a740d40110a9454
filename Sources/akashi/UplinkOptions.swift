import ArgumentParser
import CloudCore
import CloudEdge

/// How the cloud meets the Internet.
struct UplinkOptions: ParsableArguments {
    @Option(help: "The device of this machine that leads to the Internet. The cloud takes it until akashi down.")
    var uplink: String?
    @Option(help: "The edge's address on the uplink with its prefix, as 192.0.2.2/24; one of each family.")
    var uplinkAddress: [String] = []
    @Option(help: "The uplink's gateway; one of each family.") var uplinkGateway: [String] = []

    func validate() throws {
        guard uplink != nil || (uplinkAddress.isEmpty && uplinkGateway.isEmpty) else {
            throw ValidationError("--uplink-address and --uplink-gateway need --uplink.")
        }
        do { _ = try chosen() } catch { throw ValidationError(error.message) }
    }

    /// Nil where the cloud has no way out.
    func chosen() throws(CloudError) -> Uplink? {
        guard let uplink else { return nil }
        return try Uplink(device: uplink, addresses: uplinkAddress, gateways: uplinkGateway)
    }
}
