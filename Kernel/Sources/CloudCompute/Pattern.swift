/// A regular expression as list filters take it: matched in time proportional to text and pattern, whatever a caller
/// sends. Knows literals, `.`, `[…]`, `*`, `+`, `?`, `^`, `$` and `\`; what it does not know stands for itself.
struct Pattern: Sendable {
    private enum Atom: Sendable {
        case any
        case one(Character)
        case among([ClosedRange<Character>], negated: Bool)

        func matches(_ character: Character) -> Bool {
            switch self {
            case .any: true
            case .one(let wanted): wanted == character
            case .among(let ranges, let negated): ranges.contains { $0.contains(character) } != negated
            }
        }
    }
    private struct Step: Sendable {
        let atom: Atom
        var isOptional = false
        var repeats = false
    }
    private var steps: [Step] = []
    private var fromStart = false
    private var toEnd = false

    /// - Parameter text: at most 255 characters count.
    init(_ text: String) {
        var rest = Array(text.prefix(255))[...]
        if rest.first == "^" {
            fromStart = true
            rest.removeFirst()
        }
        while let character = rest.popFirst() {
            switch character {
            case "$" where rest.isEmpty: toEnd = true
            case ".": steps.append(Step(atom: .any))
            case "\\": steps.append(Step(atom: .one(rest.popFirst() ?? "\\")))
            case "[":
                guard let end = rest.dropFirst().firstIndex(of: "]") else { fallthrough }
                steps.append(Step(atom: Self.set(rest[..<end])))
                rest = rest[(end + 1)...]
            case "*" where !steps.isEmpty:
                (steps[steps.count - 1].isOptional, steps[steps.count - 1].repeats) = (true, true)
            case "+" where !steps.isEmpty: steps[steps.count - 1].repeats = true
            case "?" where !steps.isEmpty: steps[steps.count - 1].isOptional = true
            default: steps.append(Step(atom: .one(character)))
            }
        }
    }

    private static func set(_ text: ArraySlice<Character>) -> Atom {
        var rest = text
        let negated = rest.first == "^"
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<Character>] = []
        while let first = rest.popFirst() {
            if rest.first == "-", let last = rest.dropFirst().first, first <= last {
                ranges.append(first...last)
                rest = rest.dropFirst(2)
            } else {
                ranges.append(first...first)
            }
        }
        return .among(ranges, negated: negated)
    }

    /// Whether it is found anywhere in the text.
    func matches(_ text: String) -> Bool {
        var states = closure([0])
        if states.contains(steps.count), !toEnd || text.isEmpty { return true }
        var left = text.count
        for character in text {
            left -= 1
            var next: Set<Int> = fromStart ? [] : [0]
            for state in states where state < steps.count && steps[state].atom.matches(character) {
                next.insert(state + 1)
                if steps[state].repeats { next.insert(state) }
            }
            states = closure(next)
            if states.contains(steps.count), !toEnd || left == 0 { return true }
        }
        return false
    }

    /// With every state that is reached without a character.
    private func closure(_ states: Set<Int>) -> Set<Int> {
        var out = states
        for state in states {
            var place = state
            while place < steps.count, steps[place].isOptional {
                place += 1
                out.insert(place)
            }
        }
        return out
    }
}
