import CloudCore
import CloudNetwork

/// What was sent and what was heard, and which of it should not have been.
struct ProbeLedger {
    private let stations: [ProbeStation]
    private let trials: ProbeTrials
    /// Which station each hardware address of a probe's port or of a gateway is of.
    private var owners: [[UInt8]: (station: Int, isGateway: Bool)] = [:]

    private struct Way: Hashable { let kind: ProbeAttempt.Kind, from: Int, to: Int }
    private var sentCounts: [Way: Int] = [:]
    private var hits: [Way: (count: Int, after: Duration)] = [:]
    private var sentAt: [UInt32: ContinuousClock.Instant] = [:]
    private var heardControls: [UInt32: Set<ProbeRole>] = [:]

    init(_ stations: [ProbeStation], _ trials: ProbeTrials) {
        (self.stations, self.trials) = (stations, trials)
        for (place, station) in stations.enumerated() {
            for card in station.cards { owners[ProbeFrame.bytes(card.mac)] = (place, false) }
            if let gateway = station.gateway { owners[ProbeFrame.bytes(gateway.mac)] = (place, true) }
        }
    }

    // MARK: What is to be heard

    mutating func beginControl() { heardControls = [:] }

    /// Who is to hear a control: rules let announcements pass to everyone, and DHCP answers who asked.
    private func audience(_ trial: ProbeTrial) -> Set<ProbeRole> {
        switch trial.kind {
        case .dhcp: [.sender]
        case .announcement where trial.role == .sender: [.listener, .stranger]
        default: [.listener]
        }
    }
    func isHeard(_ trial: ProbeTrial) -> Bool { heardControls[trial.number]?.isSuperset(of: audience(trial)) ?? false }
    var areControlsHeard: Bool { trials.all.allSatisfy { !$0.isControl || isHeard($0) } }
    func unheard(at station: Int) -> [ProbeAttempt.Kind] {
        trials.all.filter { $0.isControl && $0.from == station && !isHeard($0) }.map(\.kind)
    }

    // MARK: What is not

    mutating func beginAttempts(_ now: ContinuousClock.Instant) { sentAt = [:] }

    mutating func sent(_ trial: ProbeTrial, _ now: ContinuousClock.Instant) {
        guard !trial.isControl else { return }
        sentAt[trial.number] = now
        for to in trial.to.map({ [$0] }) ?? Array(stations.indices)
        where to != trial.from || Self.isAboutOwn(trial.kind) {
            sentCounts[Way(kind: trial.kind, from: trial.from, to: to), default: 0] += 1
        }
    }

    /// Takes a frame that a port heard.
    mutating func heard(
        _ frame: ArraySlice<UInt8>, at station: Int, _ role: ProbeRole, _ now: ContinuousClock.Instant
    ) {
        let frame = Array(frame)
        if let transaction = Self.offer(frame), let trial = trials.trial(ofTransaction: transaction.number) {
            return take(transaction.address, of: trial, at: station, role, now)
        }
        if let trial = trials.trial(in: frame[...]) {
            if trial.from != station {
                return note(trial.kind, trial.from, station, trial, now)
            }
            if trial.isControl { heardControls[trial.number, default: []].insert(role) }
            // Also what is sent to be heard may not be heard by everyone.
            if Self.isForbidden(trial.kind, role) { note(trial.kind, station, station, trial, now) }
            return
        }
        // What has no mark may be an answer: from another network, if one of its cards gave it.
        if let teller = Self.tellers(frame).compactMap({ owners[$0] }).first(where: { $0.station != station }) {
            let kind: ProbeAttempt.Kind = teller.isGateway ? .gateway : frame[12] == 8 ? .arp : .neighbour
            note(kind, station, teller.station, nil, now)
        } else if role == .sender, Self.isAccepted(frame) {
            note(.metadata, station, station, nil, now)
        }
    }

    /// An offer of DHCP is for who asked, and of its own network's address.
    private mutating func take(
        _ address: IPv4, of trial: ProbeTrial, at station: Int, _ role: ProbeRole, _ now: ContinuousClock.Instant
    ) {
        if station == trial.from, role == .sender, trial.kind == .dhcp, address == stations[station].lease {
            if trial.isControl { heardControls[trial.number, default: []].insert(role) }
            return
        }
        if station != trial.from || trial.kind == .dhcp || role != .sender {
            note(trial.kind, trial.from, station, trial, now)
        }
    }

    private mutating func note(
        _ kind: ProbeAttempt.Kind, _ from: Int, _ to: Int, _ trial: ProbeTrial?, _ now: ContinuousClock.Instant
    ) {
        let way = Way(kind: kind, from: from, to: to)
        let after = trial.flatMap { sentAt[$0.number] }.map { now - $0 } ?? .zero
        let old = hits[way]
        hits[way] = (count: (old?.count ?? 0) + 1, after: old?.after ?? after)
    }

    /// Whether one may ask of a network itself if it lets this pass: not what all neighbours of a link may say.
    private static func isAboutOwn(_ kind: ProbeAttempt.Kind) -> Bool {
        switch kind {
        case .arp, .neighbour, .announcement, .advertisement: false
        default: true
        }
    }

    /// Whether a port of the sender's own network must not hear it.
    private static func isForbidden(_ kind: ProbeAttempt.Kind, _ role: ProbeRole) -> Bool {
        switch kind {
        case .forgedDHCP, .forgedRouter, .forgedMAC, .forgedIP, .ethertype, .shutOut: role != .sender
        default: isAboutOwn(kind) && role == .stranger
        }
    }

    // MARK: Reading frames

    /// The number and address of an answer of a DHCP server.
    private static func offer(_ frame: [UInt8]) -> (number: UInt32, address: IPv4)? {
        guard frame.count >= 14 + 28 + 20, frame[12] == 8, frame[13] == 0, frame[14] == 0x45, frame[23] == 17,
            frame[34] == 0, frame[35] == 67, frame[42] == 2
        else { return nil }
        func number(_ place: Int) -> UInt32 { frame[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        return (number(46), IPv4(number: number(58)))
    }

    /// The hardware addresses that a frame says it is from, and those that it tells in ARP or as a neighbour.
    private static func tellers(_ frame: [UInt8]) -> [[UInt8]] {
        var out = [Array(frame[6..<12])]
        if frame[12] == 8, frame[13] == 6, frame.count >= 28 { out.append(Array(frame[22..<28])) }
        // ICMPv6's advertisement of a neighbour, whose option tells the address.
        if frame[12] == 0x86, frame[13] == 0xdd, frame.count >= 86, frame[20] == 58, frame[54] == 136 {
            out.append(Array(frame[80..<86]))
        }
        return out
    }

    /// Whether someone at the address of metadata accepts a connection.
    private static func isAccepted(_ frame: [UInt8]) -> Bool {
        frame.count >= 54 && frame[12] == 8 && frame[13] == 0 && frame[14] == 0x45 && frame[23] == 6
            && Array(frame[26..<30]) == ProbeFrame.bytes(ProbeTrials.metadata) && frame[47] & 0x12 == 0x12
    }

    // MARK: The report

    func report(deaf: [ID<LogicalNetwork>: String]) -> ProbeReport {
        var attempts: [ProbeAttempt] = []
        func add(_ way: Way, sent: Int) {
            let hit = hits[way]
            attempts.append(
                ProbeAttempt(
                    way.kind, from: stations[way.from].network, to: stations[way.to].network, sent: sent,
                    heard: hit?.count ?? 0, milliseconds: Int((hit?.after ?? .milliseconds(300)).inMicroseconds / 1000))
            )
        }
        for (way, count) in sentCounts { add(way, sent: count) }
        for way in hits.keys where sentCounts[way] == nil { add(way, sent: 1) }
        for (place, station) in stations.enumerated() where station.gateway != nil {
            for (other, target) in stations.enumerated() where other != place && station.isJoined(to: target) {
                add(Way(kind: .viaGateway, from: place, to: other), sent: 0)
            }
        }
        let order = Dictionary(uniqueKeysWithValues: ProbeAttempt.Kind.allCases.enumerated().map { ($1, $0) })
        attempts.sort { order[$0.kind]! < order[$1.kind]! }
        return ProbeReport(attempts: attempts, deaf: deaf)
    }
}
