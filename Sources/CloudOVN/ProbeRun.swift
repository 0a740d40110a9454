import CloudCore
import CloudNetwork
import Glibc

/// One run over open taps, on a thread of its own inside the network's namespace. What must be heard within each network
/// is sent before the attempts and after them, round for round: what fell silent in between proves nothing.
final class ProbeRun {
    private let stations: [ProbeStation]
    private let trials: ProbeTrials
    /// An open tap, and whose it is.
    private struct Ear {
        let file: Int32
        let station: Int
        let role: ProbeRole
    }
    private var ears: [Ear] = []
    private var ledger: ProbeLedger
    /// Why a station cannot take part at all.
    private var missing: [Int: String] = [:]
    private let clock = ContinuousClock()

    /// Rounds that must succeed, and that are tried at most.
    private static let needed = 2, most = 5
    /// Until what was sent to be heard has been heard; the kernel drops what comes to a tap in its first second.
    private static let firstPatience = Duration.seconds(5), patience = Duration.seconds(1)
    /// Frames between two looks at what came, so that no queue overflows.
    private static let burst = 8

    init(_ stations: [ProbeStation], nonce: [UInt8]) {
        self.stations = stations
        trials = ProbeTrials(stations, nonce: nonce)
        ledger = ProbeLedger(stations, trials)
    }

    deinit { for ear in ears { close(ear.file) } }

    func go() -> ProbeReport {
        openEars()
        var rounds: [Set<Int>] = []
        while rounds.count < Self.most, !hasEnough(rounds) {
            let before = control(rounds.isEmpty ? Self.firstPatience : Self.patience)
            attempt()
            rounds.append(before.intersection(control(Self.patience)))
        }
        return ledger.report(deaf: deaf(rounds))
    }

    private func openEars() {
        for (place, station) in stations.enumerated() {
            for role in ProbeRole.allCases {
                let card = station.card(role)
                do throws(CloudError) {
                    guard card.v4 != nil else { throw .fault("port \(card.port) has no address") }
                    let file = try Tap.attach(Plug.device(of: card.port))
                    ears.append(Ear(file: file, station: place, role: role))
                } catch { missing[place] = "\(role) of network \(station.network): \(error.detail ?? error.message)." }
            }
        }
    }

    /// Sends what is to be heard until it is, and returns the stations where all of it was.
    private func control(_ patience: Duration) -> Set<Int> {
        ledger.beginControl()
        let end = clock.now + patience
        var whole: Set<Int> = []
        repeat {
            send(trials.all.filter { $0.isControl && missing[$0.from] == nil && !ledger.isHeard($0) })
            listen(.milliseconds(150)) { self.ledger.areControlsHeard }
            whole = Set(stations.indices.filter { missing[$0] == nil && ledger.unheard(at: $0).isEmpty })
        } while whole.count + missing.count < stations.count && clock.now < end
        return whole
    }

    private func attempt() {
        ledger.beginAttempts(clock.now)
        send(trials.all.filter { !$0.isControl && missing[$0.from] == nil })
        listen(.milliseconds(300)) { false }
    }

    private func send(_ some: [ProbeTrial]) {
        for (count, trial) in some.enumerated() {
            guard let ear = ears.first(where: { $0.station == trial.from && $0.role == trial.role }) else { continue }
            let packet = [UInt8](repeating: 0, count: 10) + trial.frame
            if write(ear.file, packet, packet.count) == packet.count { ledger.sent(trial, clock.now) }
            if count % Self.burst == Self.burst - 1 { listen(.milliseconds(2)) { false } }
        }
    }

    /// Takes what comes for a while, or until `enough` says so.
    private func listen(_ time: Duration, _ enough: () -> Bool) {
        let end = clock.now + time
        var polls = ears.map { pollfd(fd: $0.file, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        repeat {
            // A tap without its device is always ready, with nothing to read: at most once a millisecond, then.
            if poll(&polls, nfds_t(polls.count), 2) <= 0 { if enough() { return }; continue }
            for (place, ear) in ears.enumerated() where polls[place].revents != 0 {
                if polls[place].revents & Int16(POLLERR | POLLHUP) != 0 { usleep(1000) }
                // Bounded, so that a flood at one tap does not keep the others from being read.
                for _ in 0..<64 {
                    let count = read(ear.file, &buffer, buffer.count)
                    guard count > 10 + 14 else { break }
                    ledger.heard(buffer[10..<count], at: ear.station, ear.role, clock.now)
                }
            }
            if enough() { return }
        } while clock.now < end
    }

    private func hasEnough(_ rounds: [Set<Int>]) -> Bool {
        let able = stations.indices.filter { missing[$0] == nil }
        return rounds.count { $0.isSuperset(of: able) } >= Self.needed
    }

    /// The stations that cannot be counted on: those that were not whole often enough, or never at the same time as another.
    private func deaf(_ rounds: [Set<Int>]) -> [ID<LogicalNetwork>: String] {
        var out: [ID<LogicalNetwork>: String] = [:]
        func tell(_ place: Int) {
            let network = stations[place].network
            let what = ledger.unheard(at: place).map(\.rawValue).sorted().joined(separator: ", ")
            out[network] = missing[place] ?? "Not heard on network \(network): \(what.isEmpty ? "now and then" : what)."
        }
        var good: [Int] = []
        for place in stations.indices {
            let mine = rounds.filter { $0.contains(place) }
            let meets = good.allSatisfy { other in mine.count { $0.contains(other) } >= Self.needed }
            if mine.count >= Self.needed, meets { good.append(place) } else { tell(place) }
        }
        return out
    }
}
