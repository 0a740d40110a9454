import CloudCore
import CloudStore

extension Stored where R == Server {
    /// What the hypervisor needs to run it.
    func spec(_ interfaces: [Interface], _ devices: [String: String]) -> GuestSpec {
        GuestSpec(
            id: id, name: value.name, vcpus: value.vcpus, memory: Mebibytes(value.memory), uid: value.uid,
            disk: RootDisk(
                image: value.image, format: value.imageFormat, size: Gibibytes(value.disk), generation: value.generation
            ),
            nics: cards(interfaces, devices), configDrive: configDrive(interfaces), hasRun: value.launchedAt != nil)
    }

    /// The network cards, each with the host's device that carries it.
    func cards(_ interfaces: [Interface], _ devices: [String: String]) -> [GuestNIC] {
        interfaces.compactMap { it in
            devices[it.port].map { GuestNIC(port: it.port, mac: it.mac, mtu: it.mtu, device: $0) }
        }
    }

    /// The config drive's files, as OpenStack's guests read them: each is JSON, so that no name can break out of it.
    private func configDrive(_ interfaces: [Interface]) -> [String: [UInt8]] {
        var metadata: [String: JSON] = [
            "uuid": .string(id.text), "name": .string(value.name), "hostname": .string(hostName), "launch_index": 0,
            "availability_zone": .string(value.zone), "project_id": .string(project.text),
            "meta": value.metadata.json,
        ]
        if !value.adminPass.isEmpty { metadata["admin_pass"] = .string(value.adminPass) }
        if !value.publicKey.isEmpty {
            if value.keyType == .ssh { metadata["public_keys"] = [value.keyName: .string(value.publicKey)] }
            metadata["keys"] = [
                [
                    "name": .string(value.keyName), "type": .string(value.keyType.rawValue),
                    "data": .string(value.publicKey),
                ]
            ]
        }
        var files = [
            "openstack/latest/meta_data.json": Array(JSON.object(metadata).text.utf8),
            "openstack/latest/network_data.json": Array(network(interfaces).text.utf8),
        ]
        if let userData = Base64.decode(value.userData.utf8), !userData.isEmpty {
            files["openstack/latest/user_data"] = userData
        }
        return files
    }

    private func network(_ interfaces: [Interface]) -> JSON {
        [
            "links": .array(
                interfaces.enumerated().map { place, it in
                    [
                        "id": "nic\(place)", "type": "phy", "ethernet_mac_address": .string(it.mac.text),
                        "mtu": .integer(it.mtu), "vif_id": .string(it.port),
                    ]
                }),
            "networks": .array(
                interfaces.enumerated().flatMap { place, it in
                    Self.networks(of: it).map { $0.merging(["link": "nic\(place)"]) { $1 } }
                }.enumerated().map { .object($1.merging(["id": "network\($0)"]) { $1 }) }),
            "services": .array(
                // Once each, in the order of the cards.
                interfaces.flatMap(\.addresses).flatMap(\.nameServers).reduce(into: [IPAddress]()) { list, it in
                    if !list.contains(it) { list.append(it) }
                }.map { ["type": "dns", "address": .string($0.description)] }),
        ]
    }

    /// IPv4 by DHCP; each address of IPv6 as its subnet says, and as it stands where its subnet says nothing.
    private static func networks(of it: Interface) -> [[String: JSON]] {
        let v6 = it.addresses.filter(\.address.isIPv6)
        let v4: [[String: JSON]] = v6.isEmpty || v6.count < it.addresses.count ? [["type": "ipv4_dhcp"]] : []
        return v4
            + v6.map { it in
                guard it.mode == nil else { return ["type": .string("ipv6_" + (it.mode?.rawValue ?? ""))] }
                let mask = CIDR(holding: IPAddress(number: .max, isIPv6: true), prefix: it.prefix).first
                let route: JSON = [
                    "network": "::", "netmask": "::", "gateway": .string(it.gateway?.description ?? ""),
                ]
                return [
                    "type": "ipv6", "ip_address": .string(it.address.description), "netmask": .string(mask.description),
                    "routes": it.gateway == nil ? [] : [route],
                ]
            }
    }

    /// The name as a host name (RFC 1123): letters, digits and hyphens, at most 63.
    var hostName: String {
        let letters = value.name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(letters.drop { $0 == "-" }.prefix(63).reversed().drop { $0 == "-" }.reversed())
        return trimmed.isEmpty ? "server-" + id.text.prefix(8) : trimmed
    }
}
