import CloudCore

/// Where everything of a topology is drawn. The same topology always comes out the same: things keep their order, and
/// nothing is left to chance.
///
/// Bars of the outside lie above hubs, hubs above panels, and each panel holds the cards of its members. Lines run from
/// hubs in lanes of their own and come down in the gaps between panels, so that none crosses a card.
struct TopologyLayout: Sendable {
    struct Box: Hashable, Sendable {
        var x: Double, y: Double, width: Double, height: Double
        var right: Double { x + width }
        var bottom: Double { y + height }
        var middle: Double { x + width / 2 }
    }
    /// A member on a segment. On further segments it is a reference to the first.
    struct Card: Sendable {
        var node: TopologyMap.Node
        var label: String
        var isFirst: Bool
        var box: Box
    }
    struct Panel: Sendable {
        /// Nil for members that are on no segment.
        var node: TopologyMap.Node?
        var cards: [Card]
        var box: Box
    }
    struct Line: Sendable {
        /// Corners, from the hub on.
        var points: [(x: Double, y: Double)]
        var label: String
        var leadsOut: Bool
        /// Whose it is: the hubs in their order, from the left.
        var hub: Int
    }

    static let margin = 32.0, title = 44.0
    static let card = (width: 208.0, height: 62.0, gap: 12.0)
    static let head = 56.0, bar = 46.0, hub = (width: 190.0, height: 46.0, gap: 40.0), lane = 26.0
    /// The width that panels fill before they begin a new row.
    static let page = 1500.0

    private(set) var bars: [(node: TopologyMap.Node, box: Box)] = []
    private(set) var hubs: [(node: TopologyMap.Node, box: Box)] = []
    private(set) var panels: [Panel] = []
    private(set) var lines: [Line] = []
    private(set) var width = 0.0, height = 0.0

    private let map: TopologyMap
    /// Where panels are, in columns and rows.
    private var columns = 1, cardColumns = 1
    /// The space between columns, in which lines run.
    private var gap = 40.0

    init(_ map: TopologyMap) {
        self.map = map
        fillPanels()
        let outside = map.nodes.filter { $0.role == .outside }
        let middle = map.nodes.filter { $0.role == .hub }
        let links = map.links.filter { link in
            middle.contains { $0.id == link.from } && panels.contains { $0.node?.id == link.to }
        }
        gap = max(40, 24 + 10 * Double(Set(links.map(\.from)).count))
        arrange()
        let hubsWidth = Double(middle.count) * (Self.hub.width + Self.hub.gap) - Self.hub.gap
        let panelsWidth = (panels.map(\.box.right).max() ?? 0) - Self.margin
        let inner = max(panelsWidth, hubsWidth, 520)
        width = inner + 2 * Self.margin
        var y = Self.title + Self.margin
        for node in outside {
            bars.append((node, Box(x: Self.margin, y: y, width: inner, height: Self.bar)))
            y += Self.bar + 14
        }
        if !outside.isEmpty { y += 22 }
        placeHubs(middle, links, inner: inner, y: y)
        if !middle.isEmpty { y += Self.hub.height + 22 + Self.lane * Double(middle.count) + 18 }
        for place in panels.indices {
            panels[place].box.y += y
            for card in panels[place].cards.indices { panels[place].cards[card].box.y += y }
        }
        drawLines(links)
        height = max(y, panels.map(\.box.bottom).max() ?? 0) + Self.margin
    }

    /// Puts members into the panels of their segments; those of none into a last one.
    private mutating func fillPanels() {
        let members = Dictionary(
            map.nodes.filter { $0.role == .member }.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let nowhere = Box(x: 0, y: 0, width: Self.card.width, height: Self.card.height)
        var seen: Set<String> = []
        let onSegment = Dictionary(grouping: map.links.filter { members[$0.from] != nil }, by: \.to)
        let hubbed = Set(map.links.map(\.to))
        let segments = map.nodes.filter { $0.role == .segment }
        let joined = Set(map.links.filter { members[$0.from] == nil }.map(\.to))
        // Those that a hub joins stand first, near to it.
        for segment in segments.filter({ joined.contains($0.id) }) + segments.filter({ !joined.contains($0.id) }) {
            let cards = (hubbed.contains(segment.id) ? onSegment[segment.id] ?? [] : []).compactMap { link in
                members[link.from].map {
                    Card(node: $0, label: link.label, isFirst: seen.insert($0.id).inserted, box: nowhere)
                }
            }
            panels.append(Panel(node: segment, cards: cards, box: nowhere))
        }
        let lonely = map.nodes.filter { $0.role == .member && !seen.contains($0.id) }
        if !lonely.isEmpty {
            let cards = lonely.map { Card(node: $0, label: "", isFirst: true, box: nowhere) }
            panels.append(Panel(node: nil, cards: cards, box: nowhere))
        }
    }

    /// Gives panels and cards their places, from a first row at 0 on.
    private mutating func arrange() {
        let most = panels.map(\.cards.count).max() ?? 0
        cardColumns = most <= 4 ? 1 : most <= 12 ? 2 : most <= 27 ? 3 : 4
        if panels.count == 1 { cardColumns = min(max(most, 1), most > 12 ? 6 : 4) }
        let inner = Double(cardColumns) * (Self.card.width + Self.card.gap) + Self.card.gap
        columns = max(1, min(panels.count, Int((Self.page + gap) / (inner + gap))))
        var (y, tallest) = (0.0, 0.0)
        for place in panels.indices {
            let column = place % columns
            if column == 0, place > 0 { (y, tallest) = (y + tallest + gap, 0) }
            let rows = (panels[place].cards.count + cardColumns - 1) / cardColumns
            let box = Box(
                x: Self.margin + Double(column) * (inner + gap), y: y, width: inner,
                height: Self.head + Double(max(rows, 1)) * (Self.card.height + Self.card.gap))
            panels[place].box = box
            tallest = max(tallest, box.height)
            for card in panels[place].cards.indices {
                panels[place].cards[card].box.x =
                    box.x + Self.card.gap + Double(card % cardColumns) * (Self.card.width + Self.card.gap)
                panels[place].cards[card].box.y =
                    y + Self.head + Double(card / cardColumns) * (Self.card.height + Self.card.gap)
            }
        }
    }

    /// Puts each hub as near above its segments as those beside it allow.
    private mutating func placeHubs(
        _ middle: [TopologyMap.Node], _ links: [TopologyMap.Link], inner: Double, y: Double
    ) {
        func wish(_ node: TopologyMap.Node) -> Double {
            let own = links.filter { $0.from == node.id }
            let places = own.compactMap { link in panels.first { $0.node?.id == link.to }?.box.middle }
            return places.isEmpty ? Self.margin + inner : places.reduce(0, +) / Double(places.count)
        }
        let sorted = middle.enumerated().map { ($0.offset, wish($0.element), $0.element) }.sorted {
            ($0.1, $0.0) < ($1.1, $1.0)
        }
        var x = Self.margin
        for (place, (_, wish, node)) in sorted.enumerated() {
            let left = Double(sorted.count - place - 1) * (Self.hub.width + Self.hub.gap)
            let last = Self.margin + inner - Self.hub.width - left
            let own = max(x, min(wish - Self.hub.width / 2, last))
            hubs.append((node, Box(x: own, y: y, width: Self.hub.width, height: Self.hub.height)))
            x = own + Self.hub.width + Self.hub.gap
        }
    }

    private mutating func drawLines(_ links: [TopologyMap.Link]) {
        var arrivals: [String: Int] = [:]
        for (number, hub) in hubs.enumerated() {
            for link in map.links where link.from == hub.node.id {
                guard let bar = bars.first(where: { $0.node.id == link.to }) else { continue }
                lines.append(
                    Line(
                        points: [(hub.box.middle, hub.box.y), (hub.box.middle, bar.box.bottom)], label: link.label,
                        leadsOut: true, hub: number))
            }
            let lane = hub.box.bottom + 22 + Self.lane * Double(number)
            for link in links where link.from == hub.node.id {
                guard let place = panels.firstIndex(where: { $0.node?.id == link.to }) else { continue }
                let box = panels[place].box
                let arrival = Double(arrivals[link.to, default: 0])
                arrivals[link.to, default: 0] += 1
                if place < columns {
                    let x = min(box.x + 22 + 112 * arrival, box.right - 10)
                    lines.append(
                        Line(
                            points: [(hub.box.middle, hub.box.bottom), (hub.box.middle, lane), (x, lane), (x, box.y)],
                            label: link.label, leadsOut: false, hub: number))
                } else {
                    // Down in the gap left of the panel, and in from the side.
                    let x = box.x - 12 - 8 * Double(number)
                    let y = box.y + 16 + 12 * arrival
                    lines.append(
                        Line(
                            points: [
                                (hub.box.middle, hub.box.bottom), (hub.box.middle, lane), (x, lane), (x, y), (box.x, y),
                            ], label: "", leadsOut: false, hub: number))
                }
            }
        }
    }
}
