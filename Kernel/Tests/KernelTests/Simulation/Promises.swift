import CloudCore

/// What tenants were promised: every answer of 2xx is one, and must hold at the end.
struct Promises {
    struct Fact {
        var kind: String
        var tenant: Int
        var name: String?
        var power: String?
        /// How often the guest had halted itself when its owner last started it.
        var haltsBefore = 0
        var isDeleted = false
        var hasBytes = false
        /// An answer got lost: what was asked may or may not have happened.
        var isUnsure = false
        /// The network that takes a subnet with it when it goes.
        var network: String?
    }
    struct Exchange {
        var requestID: String
        var line: String
        var status: Int
        var isMutation: Bool
        /// Whether the store failed while it was answered, which excuses a missing line of the audit log.
        var sawFailure: Bool
    }
    var facts: [String: Fact] = [:]
    /// Ids in the order of their creation, for choosing among them.
    var ids: [String: [String]] = [:]
    var exchanges: [Exchange] = []

    mutating func created(
        _ kind: String, _ id: String, _ tenant: Int, name: String?, power: String? = nil, network: String? = nil
    ) {
        facts[id] = Fact(kind: kind, tenant: tenant, name: name, power: power, network: network)
        ids[kind, default: []].append(id)
    }

    mutating func deleted(_ id: String) {
        facts[id]?.isDeleted = true
        for (other, fact) in facts where fact.network == id { facts[other]!.isDeleted = true }
    }

    mutating func unsure(_ id: String) {
        facts[id]?.isUnsure = true
        for (other, fact) in facts where fact.network == id { facts[other]!.isUnsure = true }
    }
}
