import CloudCore
import CloudNetwork

/// A specification that was checked, in the order and form in which the kernel is told.
struct EdgePlan: Sendable {
    /// One member with all that is led to it.
    struct Part: Sendable {
        let member: EdgeMember
        /// Addresses and blocks, none within another.
        let reach: [CIDR]
    }
    let addresses: [Uplink.Interface]
    let bandwidth: Int
    /// In the order of their ids.
    let parts: [Part]

    static let mostMembers = 10_000
    static let mostBlocks = 100_000

    /// - Throws: `invalid`, naming the member, where something is malformed, out of bounds or claimed twice.
    init(_ spec: EdgeSpec) throws(CloudError) {
        var addresses: [Uplink.Interface] = []
        for text in spec.addresses.sorted() { addresses.append(try Uplink.Interface(text)) }
        guard (1...1_000_000).contains(spec.bandwidth) else {
            throw .invalid("A bandwidth is 1 to 1,000,000 Mbit/s, not \(spec.bandwidth).", field: "bandwidth")
        }
        guard spec.members.count <= Self.mostMembers else {
            throw .invalid("An edge has at most \(Self.mostMembers) members, not \(spec.members.count).")
        }
        (self.addresses, bandwidth) = (addresses, spec.bandwidth)
        var parts: [Part] = []
        for member in spec.members.sorted(by: { $0.id < $1.id }) {
            try Self.check(member)
            parts.append(Part(member: member, reach: Self.disjoint(member)))
        }
        self.parts = parts
        try checkTogether()
    }

    private static func check(_ member: EdgeMember) throws(CloudError) {
        guard (1...64).contains(member.id.utf8.count), member.id.isPlain else {
            throw .invalid("'\(member.id.prefix(64))' is not the id of a member.", field: "id")
        }
        if let plan = member.plan, !(1...1_000_000).contains(plan.ceiling) {
            throw .invalid("Member \(member.id): a plan is 1 to 1,000,000 Mbit/s.", field: "plan")
        }
        for block in member.blocks where !member.addresses.contains(where: { $0.isIPv6 == block.isIPv6 }) {
            throw .invalid("Member \(member.id) has no address that \(block) could be routed by.", field: "blocks")
        }
    }

    /// What members may not share, and what they may not have together.
    private func checkTogether() throws(CloudError) {
        guard Set(parts.map(\.member.id)).count == parts.count, Set(parts.map(\.member.mac)).count == parts.count else {
            throw .invalid("Two members have the same id or the same card.")
        }
        let kept = parts.compactMap(\.member.plan).filter(\.isGuaranteed).reduce(0) { $0 + $1.ceiling }
        guard kept <= bandwidth else {
            throw .invalid("\(kept) Mbit/s are guaranteed, and the uplink carries \(bandwidth).", field: "plan")
        }
        let own = addresses.map { (CIDR(holding: $0.address, prefix: $0.address.width), "the edge itself") }
        let all = own + parts.flatMap { part in part.reach.map { ($0, "member \(part.member.id)") } }
        guard all.count <= Self.mostBlocks else {
            throw .invalid("An edge leads to at most \(Self.mostBlocks) addresses and blocks, not \(all.count).")
        }
        for isIPv6 in [false, true] {
            let sorted = all.filter { $0.0.isIPv6 == isIPv6 }.sorted { $0.0.first < $1.0.first }
            for (one, next) in zip(sorted, sorted.dropFirst()) where one.0.overlaps(next.0) {
                throw .invalid("\(next.0) of \(next.1) overlaps \(one.0) of \(one.1).", field: "blocks")
            }
        }
    }

    /// The kernel's sets take no interval that lies within another.
    private static func disjoint(_ member: EdgeMember) -> [CIDR] {
        let all = member.blocks.union(member.addresses.map { CIDR(holding: $0, prefix: $0.width) })
        let sorted = all.sorted {
            ($0.isIPv6 ? 1 : 0, $0.first.number, $0.prefix) < ($1.isIPv6 ? 1 : 0, $1.first.number, $1.prefix)
        }
        var out: [CIDR] = []
        for block in sorted where !(out.last?.overlaps(block) ?? false) { out.append(block) }
        return out
    }
}

extension CIDR {
    /// As the kernel's tools write it: a single address without a prefix.
    var plain: String { prefix == first.width ? first.description : description }
}
