import CloudCore

/// What passed a tunnel in its life, over all the keys that it has had.
public struct TunnelMeter: Hashable, Sendable, JSONConvertible {
    /// Of keys that are no longer in use.
    private var past = TunnelState.Flow()
    /// Of those in use, when they were last looked at.
    private var live: [String: TunnelState.Flow] = [:]
    public private(set) var rekeys = 0
    /// Since when packets pass; nil while they do not.
    public private(set) var since: Instant?
    /// When it was last looked at.
    public private(set) var seen: Instant?

    public init() {}

    /// All that passed.
    public var total: TunnelState.Flow { live.values.reduce(past, +) }
    /// The keys in use.
    var keys: Set<String> { Set(live.keys) }

    /// Takes in what a gateway says now.
    public mutating func take(_ state: TunnelState, at now: Instant) {
        for (name, flow) in live where state.flows[name] == nil { past = past + flow }
        // Keys that come while others are in use take their place.
        if !live.isEmpty { rekeys += state.flows.keys.count { live[$0] == nil } }
        live = state.flows
        since = state.isUp ? since ?? now + .seconds(-state.seconds) : nil
        seen = now
    }

    /// What its owner is shown.
    var statistics: JSON {
        let total = total
        return [
            "bytes_in": .integer(total.bytesIn), "bytes_out": .integer(total.bytesOut),
            "packets_in": .integer(total.packetsIn), "packets_out": .integer(total.packetsOut),
            "rekeys": .integer(rekeys), "established_at": since.map { .string($0.text()) } ?? .null,
            "observed_at": seen.map { .string($0.text()) } ?? .null,
        ]
    }

    public init(json: JSON) throws(CloudError) {
        past = TunnelState.Flow(json["past"] ?? .null)
        live = (json["live"]?.object ?? [:]).mapValues(TunnelState.Flow.init)
        rekeys = json["rekeys"]?.integer ?? 0
        since = json["since"]?.integer.map { Instant(microseconds: Int64($0)) }
        seen = json["seen"]?.integer.map { Instant(microseconds: Int64($0)) }
    }

    public var json: JSON {
        [
            "past": past.json, "live": .object(live.mapValues(\.json)), "rekeys": .integer(rekeys),
            "since": since.map { .integer(Int($0.microseconds)) } ?? .null,
            "seen": seen.map { .integer(Int($0.microseconds)) } ?? .null,
        ]
    }
}

extension TunnelState.Flow {
    /// Bytes in and out, packets in and out; what is missing is none.
    init(_ json: JSON) {
        func number(_ place: Int) -> Int { json[place]?.integer ?? 0 }
        (bytesIn, bytesOut, packetsIn, packetsOut) = (number(0), number(1), number(2), number(3))
    }
    var json: JSON { [.integer(bytesIn), .integer(bytesOut), .integer(packetsIn), .integer(packetsOut)] }

    static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.bytesIn += b.bytesIn
        sum.bytesOut += b.bytesOut
        sum.packetsIn += b.packetsIn
        sum.packetsOut += b.packetsOut
        return sum
    }
}
