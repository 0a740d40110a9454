import CloudCore

/// A topology as SVG: readable on light and dark, without scripts, fonts or anything else from elsewhere.
struct TopologyDrawing: Sendable {
    private let map: TopologyMap
    private let layout: TopologyLayout
    private let title: String

    init(_ map: TopologyMap, title: String) {
        (self.map, self.title) = (map, title)
        layout = TopologyLayout(map)
    }

    var svg: String {
        let foot = map.omitted > 0 ? 30.0 : 0
        let (width, height) = (Self.text(layout.width), Self.text(layout.height + foot))
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" role="img" aria-label="\(SVGText.escaped(heading))">
            <style>\(Self.style)</style>
            <rect class="page" width="100%" height="100%"/>

            """
        out += text(heading, TopologyLayout.margin, 34, "title", 20, layout.width - 2 * TopologyLayout.margin)
        for line in layout.lines { out += draw(line) }
        for (node, box) in layout.bars { out += drawBar(node, box) }
        for (node, box) in layout.hubs { out += drawHub(node, box) }
        for panel in layout.panels { out += draw(panel) }
        for line in layout.lines { out += end(of: line) }
        if map.nodes.isEmpty {
            out += text("There is nothing in this project's networks yet.", TopologyLayout.margin, 90, "line", 14, 460)
        }
        if map.omitted > 0 {
            let rest = map.omitted == 1 ? "1 more thing is" : "\(map.omitted) more things are"
            out += text("\(rest) not drawn.", TopologyLayout.margin, layout.height + 6, "more", 15, 460)
        }
        return out + "</svg>\n"
    }

    private var heading: String { title.isEmpty ? "Topology" : "Topology of \(title)" }

    private func draw(_ line: TopologyLayout.Line) -> String {
        let path = line.points.enumerated().map { place, point in
            "\(place == 0 ? "M" : "L")\(Self.text(point.x)) \(Self.text(point.y))"
        }.joined(separator: " ")
        return "<path class=\"wire \(Self.colour(line))\" d=\"\(path)\"/>\n"
    }

    private func end(of line: TopologyLayout.Line) -> String {
        guard let end = line.points.last else { return "" }
        let dot =
            "<circle class=\"dot \(Self.colour(line))\" cx=\"\(Self.text(end.x))\" cy=\"\(Self.text(end.y))\" r=\"4\"/>\n"
        return line.label.isEmpty ? dot : dot + text(line.label, end.x + 7, end.y - 7, "wirelabel", 11, 104)
    }

    /// Lines that cross are told apart by their colours.
    private static func colour(_ line: TopologyLayout.Line) -> String {
        line.leadsOut ? "out" : ["first", "second", "third"][line.hub % 3]
    }

    private func drawBar(_ node: TopologyMap.Node, _ box: TopologyLayout.Box) -> String {
        group(node) {
            rect(box, "bar", 10) + text(name(node), box.x + 16, box.y + 28, "barname", 15, box.width * 0.4)
                + text(
                    (["external network"] + node.lines).joined(separator: " · "), box.x + box.width * 0.4 + 34,
                    box.y + 28,
                    "barline", 12, box.width * 0.6 - 50)
        }
    }

    private func drawHub(_ node: TopologyMap.Node, _ box: TopologyLayout.Box) -> String {
        group(node) {
            let lines = [node.kind.replacing("_", with: " ")] + node.lines
            return rect(box, "hub \(Self.tone(node.status))", 23)
                + text(name(node), box.middle, box.y + 21, "hubname", 14, box.width - 32)
                + text(lines.joined(separator: " · "), box.middle, box.y + 36, "hubline", 11, box.width - 32)
        }
    }

    private func draw(_ panel: TopologyLayout.Panel) -> String {
        let box = panel.box
        let (x, room) = (box.x + 16, box.width - 32)
        var out = rect(box, panel.node == nil ? "panel loose" : "panel", 12)
        if let node = panel.node {
            let lines = node.lines.isEmpty ? ["no subnet"] : node.lines
            out = group(node) {
                out + text(name(node), x, box.y + 25, "panelname", 15, room)
                    + text(lines.joined(separator: " · "), x, box.y + 43, "line", 12, room)
            }
        } else {
            out += text("Without a network", x, box.y + 25, "panelname", 15, room)
        }
        if panel.cards.isEmpty { out += text("nothing here", x, box.y + TopologyLayout.head + 28, "faint", 13, room) }
        for card in panel.cards { out += draw(card) }
        return out
    }

    private func draw(_ card: TopologyLayout.Card) -> String {
        let (node, box) = (card.node, card.box)
        return group(node) {
            let (x, room) = (box.x + 16, box.width - 26)
            let third = card.isFirst ? node.lines.joined(separator: " · ") : "also above"
            let label = card.label.isEmpty ? node.kind : card.label
            return rect(box, card.isFirst ? "card" : "card again", 8)
                + "<rect class=\"stripe \(Self.tone(node.status))\" x=\"\(Self.text(box.x))\" y=\"\(Self.text(box.y + 8))\" "
                + "width=\"5\" height=\"\(Self.text(box.height - 16))\" rx=\"2.5\"/>\n"
                + text(name(node), x, box.y + 22, "name", 14, room) + text(label, x, box.y + 39, "address", 12, room)
                + text(third, x, box.y + 54, "faint", 11, room)
        }
    }

    private func name(_ node: TopologyMap.Node) -> String {
        node.name.isEmpty ? "(\(node.kind.replacing("_", with: " ")) \(node.id.prefix(8)))" : node.name
    }

    /// What is drawn of a thing, with its whole name and its id for who points at it.
    private func group(_ node: TopologyMap.Node, _ body: () -> String) -> String {
        let told = [name(node), node.kind.replacing("_", with: " ") + " " + node.id, node.status] + node.lines
        let title = told.filter { !$0.isEmpty }.joined(separator: "\n")
        let lines = title.split(separator: "\n").map { SVGText.escaped(String($0)) }.joined(separator: "\n")
        return "<g><title>\(lines)</title>\n\(body())</g>\n"
    }

    private func rect(_ box: TopologyLayout.Box, _ style: String, _ radius: Int) -> String {
        "<rect class=\"\(style)\" x=\"\(Self.text(box.x))\" y=\"\(Self.text(box.y))\" "
            + "width=\"\(Self.text(box.width))\" height=\"\(Self.text(box.height))\" rx=\"\(radius)\"/>\n"
    }

    private func text(_ text: String, _ x: Double, _ y: Double, _ style: String, _ size: Double, _ room: Double)
        -> String
    {
        guard !text.isEmpty else { return "" }
        let fitted = SVGText.escaped(SVGText.fitted(text, room, size: size))
        return "<text class=\"\(style)\" x=\"\(Self.text(x))\" y=\"\(Self.text(y))\">\(fitted)</text>\n"
    }

    /// A number of pixels, to a tenth.
    private static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static func tone(_ status: String) -> String {
        switch status {
        case "ACTIVE": "good"
        case "ERROR": "bad"
        case "BUILD", "REBOOT", "RESIZE", "VERIFY_RESIZE", "REBUILD", "REVERT_RESIZE": "busy"
        default: "rest"
        }
    }

    private static let style = """
        :root{--page:#f7f8fa;--ink:#1c2430;--soft:#5b6675;--faint:#7d8896;--panel:#fff;--edge:#d5dbe3;--card:#f4f6f9;\
        --wire:#5a7fb5;--out:#2f7d6d;--bar:#e2f1ed;--baredge:#9fcfc2;--hub:#e8eefb;--hubedge:#9db5e0}
        @media (prefers-color-scheme:dark){:root{--page:#14181f;--ink:#e8ecf2;--soft:#a7b1bf;--faint:#8590a0;\
        --panel:#1c222b;--edge:#38424f;--card:#252d38;--wire:#7da2da;--out:#5cb8a4;--bar:#16302b;--baredge:#2f6b5e;\
        --hub:#1f2b45;--hubedge:#47639b}}
        text{font-family:system-ui,"Segoe UI","Noto Sans","Noto Sans CJK JP","Hiragino Sans",sans-serif;fill:var(--ink)}
        .page{fill:var(--page)}.title{font-size:20px;font-weight:600}.panel{fill:var(--panel);stroke:var(--edge)}
        .loose{stroke-dasharray:6 4}.panelname{font-size:15px;font-weight:600}.line{font-size:12px;fill:var(--soft)}
        .card{fill:var(--card);stroke:var(--edge)}.again{fill:none;stroke-dasharray:4 3}
        .name{font-size:14px;font-weight:600}.address{font-size:12px;fill:var(--soft)}
        .faint{font-size:11px;fill:var(--faint)}.more{font-size:15px;font-weight:600}
        .stripe.good{fill:#2e9e5b}.stripe.bad{fill:#d64545}.stripe.busy{fill:#d99a1c}.stripe.rest{fill:#9aa4b1}
        .bar{fill:var(--bar);stroke:var(--baredge)}.barname{font-size:15px;font-weight:600}
        .barline{font-size:12px;fill:var(--soft)}.hub{fill:var(--hub);stroke:var(--hubedge);stroke-width:1.5}
        .hub.bad{stroke:#d64545}.hubname{font-size:14px;font-weight:600;text-anchor:middle}
        .hubline{font-size:11px;fill:var(--soft);text-anchor:middle}
        .first{--own:var(--wire)}.second{--own:#b3742a}.third{--own:#8a63b8}.out{--own:var(--out)}
        .wire{fill:none;stroke:var(--own);stroke-width:2;stroke-linejoin:round}.dot{fill:var(--own)}.wirelabel{font-size:11px;fill:var(--soft)}
        """
}
