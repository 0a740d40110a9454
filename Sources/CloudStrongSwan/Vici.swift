import CloudCore

/// A message of strongSwan's control protocol, vici: names with values, lists and sections, in an order.
struct ViciMessage: Hashable, Sendable {
    indirect enum Value: Hashable, Sendable {
        case bytes([UInt8])
        case list([[UInt8]])
        case section(ViciMessage)
    }
    var members: [(name: String, value: Value)] = []

    static func == (a: Self, b: Self) -> Bool { a.bytes == b.bytes }
    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    subscript(name: String) -> Value? { members.first { $0.name == name }?.value }
    /// The text under a name; nil where there is none.
    func text(_ name: String) -> String? {
        guard case .bytes(let bytes) = self[name] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
    func number(_ name: String) -> Int { text(name).flatMap { Int($0) } ?? 0 }
    func section(_ name: String) -> ViciMessage? {
        guard case .section(let section) = self[name] else { return nil }
        return section
    }
    /// The sections in it, by name.
    var sections: [(name: String, section: ViciMessage)] {
        members.compactMap { name, value in
            if case .section(let section) = value { (name, section) } else { nil }
        }
    }

    mutating func set(_ name: String, _ text: String) { members.append((name, .bytes(Array(text.utf8)))) }
    mutating func set(_ name: String, _ texts: [String]) { members.append((name, .list(texts.map { Array($0.utf8) }))) }
    mutating func set(_ name: String, _ section: ViciMessage) { members.append((name, .section(section))) }
}

/// Kinds of elements: one byte before each.
private enum Mark {
    static let sectionStart: UInt8 = 1, sectionEnd: UInt8 = 2, value: UInt8 = 3
    static let listStart: UInt8 = 4, listItem: UInt8 = 5, listEnd: UInt8 = 6
}

extension ViciMessage {
    /// As it goes over the wire. Names have at most 255 bytes, values 65,535; longer ones are cut, which their
    /// bounds elsewhere prevent.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        for (name, value) in members {
            let head = [UInt8(min(name.utf8.count, 255))] + name.utf8.prefix(255)
            switch value {
            case .bytes(let bytes): out += [Mark.value] + head + Self.sized(bytes)
            case .list(let items):
                out += [Mark.listStart] + head
                for item in items { out += [Mark.listItem] + Self.sized(item) }
                out.append(Mark.listEnd)
            case .section(let section): out += [Mark.sectionStart] + head + section.bytes + [Mark.sectionEnd]
            }
        }
        return out
    }

    private static func sized(_ bytes: [UInt8]) -> [UInt8] {
        let count = min(bytes.count, 65_535)
        return [UInt8(count >> 8), UInt8(count & 255)] + bytes.prefix(count)
    }

    /// Reads what `bytes` writes; nil for anything else.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        guard let message = Self.read(&rest, depth: 0), rest.isEmpty else { return nil }
        self = message
    }

    private static func read(_ rest: inout ArraySlice<UInt8>, depth: Int) -> ViciMessage? {
        var message = ViciMessage()
        while let mark = rest.popFirst() {
            switch mark {
            case Mark.value:
                guard let name = name(&rest), let value = value(&rest) else { return nil }
                message.members.append((name, .bytes(value)))
            case Mark.listStart:
                guard let name = name(&rest) else { return nil }
                var items: [[UInt8]] = []
                while rest.first == Mark.listItem {
                    rest.removeFirst()
                    guard let item = value(&rest) else { return nil }
                    items.append(item)
                }
                guard rest.popFirst() == Mark.listEnd else { return nil }
                message.members.append((name, .list(items)))
            case Mark.sectionStart:
                guard depth < 8, let name = name(&rest), let section = read(&rest, depth: depth + 1) else { return nil }
                message.members.append((name, .section(section)))
            case Mark.sectionEnd: return depth > 0 ? message : nil
            default: return nil
            }
        }
        return depth == 0 ? message : nil
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
    private static func name(_ rest: inout ArraySlice<UInt8>) -> String? {
        rest.popFirst().flatMap { take(Int($0), &rest) }.map { String(decoding: $0, as: UTF8.self) }
    }
    private static func value(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        take(2, &rest).flatMap { take(Int($0[0]) << 8 | Int($0[1]), &rest) }
    }
}
