import CloudCore
import CloudStore

extension Network {
    /// Removes what exists beneath and the store does not know. Looks below first: whatever is there then and has no
    /// record afterwards was deleted, or never belonged.
    public func sweep(_ store: any Store, hosts: [HostName]) async throws(CloudError) -> [String] {
        let (fabric, tunnels, functions) = (world.fabric, world.tunnels, world.functions)
        var swept = Swept(store: store)
        try await swept.orphans(of: try await tunnels.gateways(), "VPN gateway") { (id) throws(CloudError) in
            try await tunnels.removeGateway(id)
        }
        for host in hosts {
            try await swept.orphans(of: try await fabric.mirrors(on: host), "mirror") { (id) throws(CloudError) in
                try await fabric.removeMirror(id, on: host)
            }
            try await swept.orphans(of: try await fabric.plugs(on: host), "plug") { (id) throws(CloudError) in
                try await fabric.removePlug(id, on: host)
            } isWanted: { (id, reader) throws(CloudError) in
                guard let port = try reader.find(id) else { return false }
                // While its device starts, the port does not say yet which host carries it.
                return !port.deviceID.isEmpty && (port.host.isEmpty || port.host == host.text)
            }
        }
        try await swept.orphans(of: try await fabric.ports(), "port") { (id) throws(CloudError) in
            try await fabric.removePort(id)
        }
        try await swept.orphans(of: try await fabric.networks(), "network") { (id) throws(CloudError) in
            try await fabric.removeNetwork(id)
        }
        try await swept.orphans(of: try await fabric.routers(), "router") { (id) throws(CloudError) in
            try await fabric.removeRouter(id)
        } isWanted: { (id, reader) throws(CloudError) in
            // Gateways of either kind are routers beneath.
            if try reader.find(ID<Gateway>(id.text)) != nil { return true }
            if try reader.find(ID<CommonFunctionGateway>(id.text)) != nil { return true }
            return try reader.find(id) != nil
        }
        try await swept.orphans(of: try await functions.functionPools(), "functions of pool") {
            (id) throws(CloudError) in try await functions.removeFunctions(id)
        }
        try await swept.orphans(of: try await fabric.groups(), "security group") { (id) throws(CloudError) in
            try await fabric.removeGroup(id)
        }
        return swept.names
    }
}

/// One sweep, and what it removed.
private struct Swept {
    let store: any Store
    private(set) var names: [String] = []

    init(store: any Store) { self.store = store }

    /// Removes those that the store does not know; `isWanted` says it otherwise.
    mutating func orphans<R: Resource>(
        of there: Set<ID<R>>, _ name: String, remove: (ID<R>) async throws(CloudError) -> Void,
        isWanted: @escaping @Sendable (ID<R>, any Reader) throws(CloudError) -> Bool = {
            (id, reader) throws(CloudError) in try reader.find(id) != nil
        }
    ) async throws(CloudError) {
        for id in there.sorted() {
            if try await store.read({ (reader) throws(CloudError) in try isWanted(id, reader) }) { continue }
            try await remove(id)
            names.append("\(name) \(id)")
        }
    }
}
