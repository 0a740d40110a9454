import CloudCore
import CloudStore
import CloudWire

/// A network, a subnet of each default pool and a router to the default way out, made for a project at once.
struct AutoTopology {
    let project: ProjectID
    /// One a project: the ids follow from it.
    private var network: ID<LogicalNetwork> { Derived.id("auto-allocated network of \(project)") }
    private var router: ID<Router> { Derived.id("auto-allocated router of \(project)") }

    /// The default way out and the default pools; `conflict` where one is not there for the caller.
    private func means(
        for caller: Caller, in reader: any Reader
    ) throws(CloudError) -> (ID<LogicalNetwork>, [Stored<SubnetPool>]) {
        let out = try reader.first(LogicalNetwork.self, where: "is_default", true)
        var pools: [Stored<SubnetPool>] = []
        for pool in try reader.list(SubnetPool.self, where: "is_default", true) where try reader.sees(pool, caller) {
            pools.append(pool)
        }
        guard !pools.isEmpty else {
            throw .conflict("Deployment error: No default subnetpools defined.")
        }
        guard let out, try reader.sees(out, caller) else {
            throw .conflict("Deployment error: No default router:external network.")
        }
        return (out.id, pools)
    }

    /// Checks that all is there that it would be made of.
    func check(for caller: Caller, in reader: any Reader) throws(CloudError) { _ = try means(for: caller, in: reader) }

    func isThere(_ reader: any Reader) throws(CloudError) -> Bool {
        guard let found = try reader.find(network) else { return false }
        return found.deletingSince == nil
    }

    /// The project's, which is made where it is not there.
    func ensure(
        for caller: Caller, _ dice: any Dice, in writer: any Writer
    ) throws(CloudError) -> ID<LogicalNetwork> {
        if let found = try writer.find(network) {
            guard found.deletingSince == nil else { throw .conflict("The topology is being deleted.") }
            return network
        }
        guard try writer.find(router) == nil else { throw .conflict("The topology is being deleted.") }
        let (outside, pools) = try means(for: caller, in: writer)
        var draft = LogicalNetwork()
        draft.name = "auto_allocated_network"
        _ = try writer.create(draft, id: network, project: project, for: caller)
        var way = Router()
        (way.name, way.gatewayNetwork, way.gatewayIsOpen) = ("auto_allocated_router", outside, false)
        var stored = try writer.create(way, id: router, project: project, for: caller)
        for pool in pools {
            var block = Subnet()
            (block.network, block.pool) = (network, pool.id)
            block.name = "auto_allocated_subnet_v\(pool.value.isIPv6 ? 6 : 4)"
            let subnet = try writer.create(block, id: Subnet.newID(dice), project: project, for: caller)
            _ = try stored.join(Router.InterfaceWish(subnet: subnet.id), caller, dice, in: writer)
            try writer.change(&stored)
        }
        return network
    }

    /// Deletes it; `missing` where it is not there, `conflict` while something uses it.
    func remove(for caller: Caller, in writer: any Writer) throws(CloudError) {
        guard let there = try writer.find(network), there.deletingSince == nil else {
            throw .missing("Auto-allocated topology", project.text)
        }
        if let it = try writer.find(router), it.deletingSince == nil {
            for port in try it.ports(Router.interfaceOwner, in: writer) {
                _ = try it.leave(Router.InterfaceWish(port: port.id), in: writer)
            }
            try writer.withdraw(router, for: caller)
        }
        try writer.withdraw(network, for: caller)
    }
}

extension AutoTopology {
    private static let path = "/v2.0/auto-allocated-topology/{project_id}"

    private static func answer(_ id: String, _ call: Call) -> Response {
        let project = JSON.string(call.parameter("project_id"))
        return .json(
            200, ["auto_allocated_topology": ["id": .string(id), "tenant_id": project, "project_id": project]])
    }

    static let routes: [Route] = [
        Route(
            .get, .network, path, action: "create", rule: .role(.member),
            "Shows the network that was made for a project with all it needs, and makes it where it is not there; with fields=dry-run only says whether it could be."
        ) { (call) throws(CloudError) in
            let topology = AutoTopology(project: ID(call.parameter("project_id")))
            if call.request[query: "fields"] == "dry-run" {
                try await call.store.read { (reader) throws(CloudError) in
                    try topology.check(for: call.caller, in: reader)
                }
                return answer("dry-run=pass", call)
            }
            // Whoever looks again changes nothing.
            if try await call.store.read({ (reader) throws(CloudError) in try topology.isThere(reader) }) {
                return answer(topology.network.text, call)
            }
            return answer(
                try await call.write(topology.project.text) { (writer) throws(CloudError) in
                    try topology.ensure(for: call.caller, call.dice, in: writer).text
                }, call)
        },
        Route(
            .delete, .network, path, action: "delete", rule: .role(.member), status: 204,
            "Deletes the network that was made for a project, with its subnets and router."
        ) { (call) throws(CloudError) in
            let topology = AutoTopology(project: ID(call.parameter("project_id")))
            try await call.write(topology.project.text) { (writer) throws(CloudError) in
                try topology.remove(for: call.caller, in: writer)
            }
            return Response(204)
        },
    ]
}

extension Stored where R == LogicalNetwork {
    /// One way out is the usual one.
    func checkDefault(was old: Bool, _ caller: Caller, in reader: any Reader) throws(CloudError) {
        guard value.isExternal || !value.isDefault else {
            throw .invalid("Only an external network is a default.", field: "is_default")
        }
        try Defaults.check(self, \.isDefault, was: old, caller, in: reader) { _ in true }
    }
}

/// What is taken where nobody names another: an operator's choice, one of a sort.
enum Defaults {
    static func check<R: Resource>(
        _ it: Stored<R>, _ path: KeyPath<R, Bool> & Sendable, was old: Bool, _ caller: Caller, in reader: any Reader,
        isSame: (R) -> Bool
    ) throws(CloudError) {
        guard it.value[keyPath: path] != old else { return }
        guard caller.isOperator else {
            throw CloudError(.forbidden, "Only an operator chooses defaults.", field: "is_default")
        }
        guard it.value[keyPath: path] else { return }
        for other in try reader.list(R.self, where: "is_default", true) where other.id != it.id && isSame(other.value) {
            throw .conflict("A default \(R.kind.name) already exists: \(other.id).")
        }
    }
}
