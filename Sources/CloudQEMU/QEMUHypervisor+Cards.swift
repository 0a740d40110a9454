import CloudCompute
import CloudCore
import CloudHost

/// Network cards that come and go while the guest runs, through the root ports that were left free.
extension QEMUHypervisor {
    public func ensureCards(_ nics: [GuestNIC], of guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await with(guest, on: host) { (running) async throws(CloudError) in
            let known = try await cards(running)
            let wanted = Set(nics.map(\.mac.text))
            for (mac, card) in known.sorted(by: { $0.key < $1.key }) where !wanted.contains(mac) {
                try await remove(card, mac, running)
            }
            for nic in nics where known[nic.mac.text] == nil { try await add(nic, running) }
        }
    }

    /// The guest's cards: their device's and their host side's names, by hardware address.
    private func cards(_ running: Running) async throws(CloudError) -> [String: (device: String, net: String)] {
        var found: [String: (device: String, net: String)] = [:]
        for item in try await peripherals(running) {
            let path = "/machine/peripheral/" + item
            guard
                let mac = try? await running.act.execute("qom-get", ["path": .string(path), "property": "mac"]).string,
                let net = try? await running.act.execute("qom-get", ["path": .string(path), "property": "netdev"])
                    .string
            else { continue }
            found[mac.lowercased()] = (item, net)
        }
        return found
    }

    /// The names of devices that were given one.
    func peripherals(_ running: Running) async throws(CloudError) -> [String] {
        let items = try await running.act.execute("qom-list", ["path": "/machine/peripheral"]).array ?? []
        return items.filter { ($0["type"]?.string ?? "").hasPrefix("child<") }.compactMap { $0["name"]?.string }
    }

    private func add(_ nic: GuestNIC, _ running: Running) async throws(CloudError) {
        let taken = Set(try await peripherals(running))
        guard let slot = (1...QEMUCommand.spareSlots).first(where: { !taken.contains("plugged\($0)") }) else {
            throw .conflict("The server has no slot left for a network card; it gets it at its next start.")
        }
        // A host side may be left of a card that could not be added.
        _ = try? await running.act.execute("netdev_del", ["id": .string("plugged-net\(slot)")])
        try await running.act.execute(
            "netdev_add",
            [
                "type": "tap", "id": .string("plugged-net\(slot)"), "ifname": .string(nic.device), "script": "no",
                "downscript": "no", "vhost": false,
            ])
        try await running.act.execute(
            "device_add",
            [
                "driver": "virtio-net-pci", "id": .string("plugged\(slot)"), "bus": .string("spare\(slot)"),
                "netdev": .string("plugged-net\(slot)"), "mac": .string(nic.mac.text), "host_mtu": .integer(nic.mtu),
                "romfile": "",
            ])
    }

    /// The guest must let it go, which a running one does within seconds; `conflict` where it does not.
    private func remove(_ card: (device: String, net: String), _ mac: String, _ running: Running)
        async throws(CloudError)
    {
        guard card.device.hasPrefix("plugged") else {
            // The cards it began with sit on the root bus, from which nothing can be unplugged.
            throw .conflict("The card was there when the server started; stop the server to take it out.")
        }
        try await remove(card.device, running)
        _ = try? await running.act.execute("netdev_del", ["id": .string(card.net)])
    }

    /// Asks the guest for a device and waits until it is gone; `conflict` where it is not let go.
    func remove(_ device: String, _ running: Running) async throws(CloudError) {
        try await running.act.execute("device_del", ["id": .string(device)])
        for _ in 0..<150 {
            if !(try await peripherals(running)).contains(device) { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw .conflict("The server does not let the device go.")
    }
}
