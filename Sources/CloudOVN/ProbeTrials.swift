import CloudCore
import CloudNetwork

/// One frame that a probe sends, and what it is about. Stations are named by their place in the list.
struct ProbeTrial: Sendable {
    let number: UInt32
    let kind: ProbeAttempt.Kind
    let from: Int
    /// The station that it is to reach; nil for all.
    let to: Int?
    /// Whether the network's own listener is to hear it, which shows that something can be heard at all.
    let isControl: Bool
    let role: ProbeRole
    let frame: [UInt8]
}

/// Which of a station's ports.
enum ProbeRole: Int, CaseIterable, Sendable { case sender, listener, stranger }

extension ProbeStation {
    func card(_ role: ProbeRole) -> ProbeCard { cards[role.rawValue] }
}

/// All frames of one run. What they ask for would harm nobody if it arrived: ports that nothing listens at (RFC 863),
/// advertisements that last for no time, answers that nobody asked for.
final class ProbeTrials {
    private(set) var all: [ProbeTrial] = []
    private let stations: [ProbeStation]
    /// Eight bytes that no other run has.
    let nonce: [UInt8]
    private static let discard = 9
    /// A port that no other trial sends from: where both sides send from one port to the same, each is the answer to the
    /// other, and translation lets answers in.
    private static func source(_ number: UInt32) -> Int { 32_768 + Int(number % 16_384) }
    static let metadata = IPv4("169.254.169.254")!

    init(_ stations: [ProbeStation], nonce: [UInt8]) {
        (self.stations, self.nonce) = (stations, nonce)
        for place in stations.indices {
            addControls(place)
            addWide(place)
            for other in stations.indices where other != place { addAimed(place, at: other) }
        }
    }

    private typealias Wire = ProbeFrame

    /// The number of DHCP's transaction that a trial is, and the trial of a transaction.
    private func transaction(_ number: UInt32) -> UInt32 { UInt32(nonce[0]) << 24 | UInt32(nonce[1]) << 16 | number }
    func trial(ofTransaction number: UInt32) -> ProbeTrial? {
        let place = Int(number & 0xffff)
        return place < all.count && transaction(UInt32(place)) == number ? all[place] : nil
    }
    /// The trial whose mark stands in a frame.
    func trial(in frame: ArraySlice<UInt8>) -> ProbeTrial? {
        guard let found = frame.firstRange(of: nonce), frame.distance(from: found.upperBound, to: frame.endIndex) >= 4
        else { return nil }
        let place = frame[found.upperBound..<found.upperBound + 4].reduce(0) { $0 << 8 | Int($1) }
        return place < all.count ? all[place] : nil
    }

    private func add(
        _ kind: ProbeAttempt.Kind, _ from: Int, to: Int? = nil, by role: ProbeRole = .sender, isControl: Bool = false,
        _ frame: (_ mark: [UInt8], _ number: UInt32) -> [UInt8]
    ) {
        let number = UInt32(all.count)
        let mark = nonce + Wire.bytes(UInt128(number), 4)
        all.append(
            ProbeTrial(
                number: number, kind: kind, from: from, to: to, isControl: isControl, role: role,
                frame: frame(mark, number)))
    }

    /// What must be heard within the network, of every sort of which the attempts are.
    private func addControls(_ place: Int) {
        let (s, l, d) = (stations[place].sender, stations[place].listener, stations[place].stranger)
        guard let mine = s.v4, let theirs = l.v4, let stranger = d.v4 else { return }
        let card = Wire.bytes(s.mac)
        add(.unicast, place, isControl: true) { mark, _ in
            Wire.ethernet(card, to: Wire.bytes(l.mac), 0x800, Wire.udp(mine, theirs, 9, Self.discard, mark))
        }
        for (card, address, role) in [(s, mine, ProbeRole.sender), (d, stranger, .stranger)] {
            add(.announcement, place, by: role, isControl: true) { mark, _ in
                let own = Wire.bytes(card.mac)
                return Wire.ethernet(own, to: Wire.everyone, 0x806, Wire.arp(1, own, address, asks: address, mark))
            }
        }
        add(.broadcast, place, isControl: true) { mark, _ in broadcast(s, mine, mark) }
        add(.multicast, place, isControl: true) { mark, _ in multicast(s, mine, mark) }
        if stations[place].lease != nil {
            add(.dhcp, place, isControl: true) { mark, number in discover(s, number, mark) }
        }
        guard let mine6 = s.v6, let theirs6 = l.v6 else { return }
        add(.unicast6, place, isControl: true) { mark, _ in
            Wire.ethernet(card, to: Wire.bytes(l.mac), 0x86dd, Wire.udp6(mine6, theirs6, Self.discard, mark))
        }
        add(.multicast6, place, isControl: true) { mark, _ in multicast6(s, mine6, mark) }
        add(.advertisement, place, isControl: true) { mark, _ in advertisement(s, mine6, mark) }
    }

    /// What goes to nobody in particular, and what is forged or shut in: sent once, listened for everywhere.
    private func addWide(_ place: Int) {
        let (s, l, d) = (stations[place].sender, stations[place].listener, stations[place].stranger)
        guard let mine = s.v4, let theirs = l.v4, let other = d.v4 else { return }
        let card = Wire.bytes(s.mac)
        let (listener, stranger) = (Wire.bytes(l.mac), Wire.bytes(d.mac))
        add(.announcement, place) { mark, _ in
            Wire.ethernet(card, to: Wire.everyone, 0x806, Wire.arp(1, card, mine, asks: mine, mark))
        }
        add(.broadcast, place) { mark, _ in broadcast(s, mine, mark) }
        add(.multicast, place) { mark, _ in multicast(s, mine, mark) }
        // IEEE's number for experiments.
        add(.ethertype, place) { mark, _ in Wire.ethernet(card, to: Wire.everyone, 0x88b5, mark) }
        add(.dhcp, place) { mark, number in discover(s, number, mark) }
        add(.metadata, place) { mark, number in
            let way = stations[place].gateway.map { Wire.bytes($0.mac) } ?? Wire.everyone
            return Wire.ethernet(
                card, to: way, 0x800, Wire.syn(mine, Self.metadata, 40_000 + Int(number % 20_000), 80, mark))
        }
        add(.forgedDHCP, place) { mark, number in
            Wire.ethernet(
                card, to: Wire.everyone, 0x800,
                Wire.udp(mine, IPv4(number: .max), 67, 68, Wire.bootp(2, 2, transaction(number), card, mark)))
        }
        add(.forgedRouter, place) { mark, _ in
            Wire.ethernet(
                card, to: Wire.allNodes, 0x86dd,
                Wire.discovery(
                    Wire.link(s.mac), Wire.allNodesAddress, [134, 0, 0, 0] + [UInt8](repeating: 0, count: 12), mark))
        }
        let nobodys: [UInt8] = [0x0e] + nonce.prefix(5)
        add(.forgedMAC, place) { mark, _ in
            Wire.ethernet(nobodys, to: listener, 0x800, Wire.udp(mine, theirs, 9, Self.discard, mark))
        }
        add(.forgedIP, place) { mark, _ in
            Wire.ethernet(card, to: listener, 0x800, Wire.udp(other, theirs, 9, Self.discard, mark))
        }
        add(.shutIn, place, to: place) { mark, _ in
            Wire.ethernet(card, to: stranger, 0x800, Wire.udp(mine, other, 9, Self.discard, mark))
        }
        add(.shutOut, place, to: place, by: .stranger) { mark, _ in
            Wire.ethernet(stranger, to: listener, 0x800, Wire.udp(other, theirs, 9, Self.discard, mark))
        }
        guard let mine6 = s.v6 else { return }
        add(.multicast6, place) { mark, _ in multicast6(s, mine6, mark) }
        add(.advertisement, place) { mark, _ in advertisement(s, mine6, mark) }
    }

    /// What is meant for one other network.
    private func addAimed(_ place: Int, at other: Int) {
        let (here, there) = (stations[place], stations[other])
        let (s, target) = (here.sender, there.listener)
        guard let mine = s.v4, let theirs = target.v4 else { return }
        let (card, foe) = (Wire.bytes(s.mac), Wire.bytes(target.mac))
        add(.unicast, place, to: other) { mark, _ in
            Wire.ethernet(card, to: foe, 0x800, Wire.udp(mine, theirs, 9, Self.discard, mark))
        }
        add(.arp, place, to: other) { mark, _ in
            Wire.ethernet(card, to: Wire.everyone, 0x806, Wire.arp(1, card, mine, asks: theirs, mark))
        }
        if let mine6 = s.v6, let theirs6 = target.v6 {
            add(.unicast6, place, to: other) { mark, _ in
                Wire.ethernet(card, to: foe, 0x86dd, Wire.udp6(mine6, theirs6, Self.discard, mark))
            }
            add(.neighbour, place, to: other) { mark, _ in
                let group = Wire.solicited(theirs6)
                let message = [135, 0, 0, 0, 0, 0, 0, 0] + Wire.bytes(theirs6) + [1, 1] + card
                return Wire.ethernet(
                    card, to: group.hardware, 0x86dd, Wire.discovery(mine6, group.address, message, mark))
            }
        }
        if let gateway = there.gateway {
            add(.arp, place, to: other) { mark, _ in
                Wire.ethernet(card, to: Wire.everyone, 0x806, Wire.arp(1, card, mine, asks: gateway.address, mark))
            }
            add(.gateway, place, to: other) { mark, _ in
                let way = Wire.bytes(gateway.mac)
                return Wire.ethernet(card, to: way, 0x800, Wire.udp(mine, theirs, 9, Self.discard, mark))
            }
        }
        guard let way = here.gateway.map({ Wire.bytes($0.mac) }), !here.isJoined(to: there) else { return }
        add(.viaGateway, place, to: other) { mark, number in
            Wire.ethernet(card, to: way, 0x800, Wire.udp(mine, theirs, Self.source(number), Self.discard, mark))
        }
        guard here.outside != nil, let outside = there.outside else { return }
        add(.publicAddress, place, to: other) { mark, number in
            Wire.ethernet(card, to: way, 0x800, Wire.udp(mine, outside, Self.source(number), Self.discard, mark))
        }
    }

    // MARK: Frames that are control and attempt alike

    private func broadcast(_ card: ProbeCard, _ from: IPv4, _ mark: [UInt8]) -> [UInt8] {
        Wire.ethernet(
            Wire.bytes(card.mac), to: Wire.everyone, 0x800, Wire.udp(from, IPv4(number: .max), 9, Self.discard, mark))
    }
    /// To a group for experiments (RFC 4727).
    private func multicast(_ card: ProbeCard, _ from: IPv4, _ mark: [UInt8]) -> [UInt8] {
        Wire.ethernet(
            Wire.bytes(card.mac), to: [1, 0, 0x5e, 0, 0, 254], 0x800,
            Wire.udp(from, IPv4("224.0.0.254")!, 9, Self.discard, mark))
    }
    private func multicast6(_ card: ProbeCard, _ from: IPv6, _ mark: [UInt8]) -> [UInt8] {
        Wire.ethernet(
            Wire.bytes(card.mac), to: Wire.allNodes, 0x86dd,
            Wire.udp6(from, Wire.allNodesAddress, Self.discard, mark))
    }
    private func advertisement(_ card: ProbeCard, _ from: IPv6, _ mark: [UInt8]) -> [UInt8] {
        let own = Wire.bytes(card.mac)
        let message = [136, 0, 0, 0, 0x20, 0, 0, 0] + Wire.bytes(from) + [2, 1] + own
        return Wire.ethernet(
            own, to: Wire.allNodes, 0x86dd, Wire.discovery(from, Wire.allNodesAddress, message, mark))
    }
    private func discover(_ card: ProbeCard, _ number: UInt32, _ mark: [UInt8]) -> [UInt8] {
        let own = Wire.bytes(card.mac)
        return Wire.ethernet(
            own, to: Wire.everyone, 0x800,
            Wire.udp(IPv4(number: 0), IPv4(number: .max), 68, 67, Wire.bootp(1, 1, transaction(number), own, mark)))
    }
}
