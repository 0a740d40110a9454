import CloudCore
import CloudHost
import CloudNetwork

/// Who may use how much, as classes of HTB on both devices: on the uplink for what leaves, on the inside for what comes.
///
/// A guarantee is a rate of its own, which nobody else can use up; everything else shares what is left, up to ceilings.
struct Shaping: Sendable {
    /// Who is a class of their own, by number, and their plan.
    let classes: [Int: BandwidthPlan]
    /// What the uplink carries, in Mbit/s.
    let bandwidth: Int
    /// The most bytes that wait in one class; nil for a tenth of a second's.
    var most: Int?

    /// Numbers of members' classes; 1 is the whole and 2 is everyone without a plan.
    static let numbers = 0x10...0xffef

    /// A class as tc and nft name it.
    static func name(_ number: Int) -> String { "1:" + String(number, radix: 16) }

    /// Gives each member with a plan a number: the one that it has, or one that nobody has.
    ///
    /// - Parameter taken: numbers that are in use, by members' cards; those of gone members are not given anew yet.
    static func numbers(for plan: EdgePlan, taken: [MAC: Int]) throws(CloudError) -> [String: Int] {
        var out: [String: Int] = [:]
        var used = Set(taken.values)
        var next = numbers.lowerBound
        for part in plan.parts where part.member.plan != nil {
            if let known = taken[part.member.mac], numbers.contains(known) {
                out[part.member.id] = known
                continue
            }
            while used.contains(next) { next += 1 }
            guard numbers.contains(next) else { throw .fault("the edge has no class left for \(part.member.id)") }
            out[part.member.id] = next
            used.insert(next)
        }
        return out
    }

    /// tc's commands that make every class of a device as it is to be. What is as before is not disturbed.
    ///
    /// - Parameter fair: whether the kernel can keep flows apart within a class (fq_codel).
    func commands(_ device: String, fair: Bool) -> [String] {
        let whole = "rate \(bandwidth)mbit ceil \(bandwidth)mbit"
        // Who has no plan keeps a hundredth, so that handshakes which the edge answers are never starved.
        var out = [
            "class replace dev \(device) parent 1: classid 1:1 htb \(whole) \(Self.burst(bandwidth))",
            "class replace dev \(device) parent 1:1 classid 1:2 htb rate \(bandwidth * 10)kbit ceil \(bandwidth)mbit "
                + "prio 1 \(Self.burst(bandwidth))",
            queue(device, 2, bandwidth, fair),
        ]
        for (number, plan) in classes.sorted(by: { $0.key < $1.key }) {
            let ceiling = min(plan.ceiling, bandwidth)
            let rate = plan.isGuaranteed ? "\(ceiling)mbit" : "8kbit"
            out.append(
                "class replace dev \(device) parent 1:1 classid \(Self.name(number)) htb rate \(rate) "
                    + "ceil \(ceiling)mbit prio \(plan.isGuaranteed ? 0 : 1) \(Self.burst(ceiling))")
            out.append(queue(device, number, ceiling, fair))
        }
        return out
    }

    private func queue(_ device: String, _ number: Int, _ rate: Int, _ fair: Bool) -> String {
        let handle = String(number, radix: 16)
        let kind = fair ? "fq_codel" : "bfifo limit \(most ?? max(rate * 12_500, 150_000))"
        return "qdisc replace dev \(device) parent 1:\(handle) handle \(handle): \(kind)"
    }

    /// A millisecond's worth at once, and at least two packets; each in its turn some packets.
    private static func burst(_ rate: Int) -> String {
        let bytes = max(rate * 125, 3200)
        return "burst \(bytes)b cburst \(bytes)b quantum 20000"
    }

    /// The classes that a device has, of tc's list of them.
    static func read(_ text: String) -> Set<Int> {
        var out: Set<Int> = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 2, words[0] == "class", words[1] == "htb", words[2].hasPrefix("1:"),
                let number = Int(words[2].dropFirst(2), radix: 16)
            else { continue }
            out.insert(number)
        }
        return out
    }
}
