import CloudCore
import CloudNetwork

/// The edge's addresses, the routes to its members and their cards, compared with what is there.
struct EdgeAddresses: Sendable {
    let tools: EdgeTools
    let plan: EdgePlan
    let uplink: Uplink?

    /// The number by which the kernel keeps our routes apart from its own.
    private static let mark = "77"

    func ensure() async throws(CloudError) {
        let (own, have) = (ownAddresses, try await addresses())
        let (routes, old) = (wantedRoutes, try await currentRoutes())
        let (cards, known) = (self.cards, try await knownCards())
        // A device that loses its last address loses its routes with it: what comes is there before what goes.
        var commands = own.subtracting(have).sorted().map { "addr add \($0)" + ($0.contains(":") ? " nodad" : "") }
        commands += old.filter { routes[$0.key] == nil }.map { "route del \($0.key) proto \(Self.mark)" }.sorted()
        commands += known.filter { cards[$0.key] == nil }.map { "neigh del \($0.key) dev \(EdgeRules.inside)" }.sorted()
        commands += have.subtracting(own).sorted().map { "addr del \($0)" }
        commands += routes.filter { old[$0.key] != $0.value }.map {
            "route replace \($0.key) \($0.value) proto \(Self.mark)"
        }.sorted()
        commands += cards.filter { known[$0.key] != $0.value }.map {
            "neigh replace \($0.key) lladdr \($0.value) dev \(EdgeRules.inside) nud permanent"
        }.sorted()
        try await tools.batch(["ip", "-batch", "-"], commands)
    }

    // MARK: What is wanted

    private var ownAddresses: Set<String> {
        var out = Set(plan.addresses.map { "\($0) dev \(EdgeRules.inside)" })
        for own in uplink?.addresses ?? [] { out.insert("\(own) dev \(EdgeRules.uplink)") }
        return out
    }

    /// Destination, and the way there.
    private var wantedRoutes: [String: String] {
        var out: [String: String] = [:]
        for part in plan.parts {
            for block in part.member.blocks {
                let hops = part.member.addresses.filter { $0.isIPv6 == block.isIPv6 }.sorted()
                guard let hop = hops.first else { continue }
                out[block.plain] = "via \(hop) dev \(EdgeRules.inside) onlink"
            }
            for own in part.member.addresses
            where !plan.addresses.contains(where: { $0.network.contains(own) }) {
                out[own.description] = "dev \(EdgeRules.inside)"
            }
        }
        for gateway in uplink?.gateways ?? [] {
            out[gateway.isIPv6 ? "::/0" : "0.0.0.0/0"] = "via \(gateway) dev \(EdgeRules.uplink) onlink"
        }
        return out
    }

    /// Known beforehand, so that nobody can claim to have another's address.
    private var cards: [String: String] {
        var out: [String: String] = [:]
        for part in plan.parts {
            for own in part.member.addresses { out[own.description] = part.member.mac.text }
        }
        return out
    }

    // MARK: What is there

    private func addresses() async throws(CloudError) -> Set<String> {
        var out: Set<String> = []
        for link in try await tools.json(["ip", "-j", "addr", "show"]).array ?? [] {
            guard let name = link["ifname"]?.string, [EdgeRules.inside, EdgeRules.uplink].contains(name) else {
                continue
            }
            for own in link["addr_info"]?.array ?? [] where own["scope"]?.string == "global" {
                if let address = own["local"]?.string, let prefix = own["prefixlen"]?.integer {
                    out.insert("\(address)/\(prefix) dev \(name)")
                }
            }
        }
        return out
    }

    private func currentRoutes() async throws(CloudError) -> [String: String] {
        var out: [String: String] = [:]
        for family in ["-4", "-6"] {
            let routes = try await tools.json(["ip", family, "-j", "route", "show", "proto", Self.mark])
            for route in routes.array ?? [] {
                guard let text = route["dst"]?.string, let device = route["dev"]?.string else { continue }
                let destination = text == "default" ? (family == "-6" ? "::/0" : "0.0.0.0/0") : text
                let way = (route["gateway"]?.string).map { "via \($0) dev \(device) onlink" } ?? "dev \(device)"
                out[destination] = way
            }
        }
        return out
    }

    private func knownCards() async throws(CloudError) -> [String: String] {
        var out: [String: String] = [:]
        let known = try await tools.json(["ip", "-j", "neigh", "show", "dev", EdgeRules.inside, "nud", "permanent"])
        for neighbour in known.array ?? [] {
            if let address = neighbour["dst"]?.string, let card = neighbour["lladdr"]?.string { out[address] = card }
        }
        return out
    }
}
