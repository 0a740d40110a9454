import CloudCore
import CloudStore

extension Port {
    /// A further address that it may send from: a hardware address (its own unless said) and a block.
    public struct Pair: Hashable, Sendable, JSONConvertible {
        public var mac: MAC?
        public var prefix: Prefix
        public init(json: JSON) throws(CloudError) {
            guard let object = json.object, let text = object["ip_address"]?.string, let prefix = Prefix(text) else {
                throw .invalid("a pair has an ip_address, alone or as a CIDR.")
            }
            self.prefix = prefix
            mac = nil
            guard let given = object["mac_address"], given != "", !given.isNull else { return }
            guard let read = given.string.flatMap({ MAC($0) }) else {
                throw .invalid("'\(given.text.prefix(32))' is not a hardware address of one card.")
            }
            mac = read
        }
        public var json: JSON {
            // An address alone is shown as it was given.
            let (first, length) = (prefix.block.first, prefix.length)
            let text = length == first.width ? first.description : prefix.description
            return ["ip_address": .string(text), "mac_address": .string(mac?.text ?? "")]
        }
    }

    /// Checks what lifts the guard, and takes the places in its groups.
    mutating func guardItself(
        was old: Port?, id: ID<Port>, project: ProjectID, _ caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if groupsAreOpen, old == nil {
            let isOrdinary = isGuarded && !deviceOwner.hasPrefix("network:")
            groups = isOrdinary ? [try SecurityGroup.ensureDefault(of: project, in: writer)] : []
        }
        if !isGuarded, !groups.isEmpty || !pairs.isEmpty {
            throw .conflict(
                "Port security must be enabled in order to have security groups or allowed address pairs on a port.")
        }
        guard pairs.count <= 10 else {
            throw .invalid("A port has at most 10 address pairs.", field: "allowed_address_pairs")
        }
        for place in pairs.indices {
            try Self.check(pairs[place].prefix)
            pairs[place].mac = pairs[place].mac ?? mac
        }
        guard Set(pairs).count == pairs.count else {
            throw .invalid("The address pairs repeat themselves.", field: "allowed_address_pairs")
        }
        guard groups != old?.groups else { return }
        guard groups.count <= 16, Set(groups).count == groups.count else {
            throw .invalid("A port is in at most 16 groups, and in each once.", field: "security_groups")
        }
        for group in groups where !(old?.groups ?? []).contains(group) {
            let found = try writer.get(group, for: caller)
            let isFor = try caller.isOperator ? true : found.isFor(project, in: writer)
            guard isFor else {
                throw .missing(SecurityGroup.kind.title, group.text)
            }
            try writer.claim(SecurityGroup.space(group), id.text, for: Reference(id))
        }
        for group in old?.groups ?? [] where !groups.contains(group) {
            try writer.release(SecurityGroup.space(group), id.text)
        }
    }

    /// Blocks that hold whole organisations, or that no card may have, are nobody's to send from.
    private static func check(_ prefix: Prefix) throws(CloudError) {
        let isWide = prefix.length < (prefix.isIPv6 ? 48 : 16)
        let isSpecial: Bool
        switch prefix.block.first {
        case .v4(let address):
            let top = address.number >> 24
            isSpecial = top == 0 || top == 127 || top >= 224 || address.number >> 16 == 0xa9fe
        case .v6(let address):
            isSpecial = address.number >> 120 == 0xff || address.number >> 118 == 0x3fa || address.number >> 64 == 0
        }
        guard !isWide, !isSpecial else {
            throw .invalid(
                "The address pair \(prefix) is too wide or not of single cards.", field: "allowed_address_pairs")
        }
    }
}
