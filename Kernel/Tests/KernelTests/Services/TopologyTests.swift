import CloudCore
import CloudWire
import Testing

@testable import CloudServices

@Suite("issue 4: a project's topology, told and drawn")
struct TopologyTests {
    @Test func showsWhatIsThereAndHowItHangsTogether() async throws {
        let stage = try await Stage()
        let network = try await stage.make("network", for: .member)
        let subnet: JSON = ["subnet": ["network_id": .string(network), "cidr": "10.4.0.0/24", "ip_version": 4]]
        let made = await stage.send(.member, .post, "/network/v2.0/subnets", subnet)
        let router = try await stage.make("router", for: .member)
        _ = await stage.send(
            .member, .put, "/network/v2.0/routers/\(router)/add_router_interface",
            ["subnet_id": made.json["subnet"]!["id"]!])
        let port = await stage.send(
            .member, .post, "/network/v2.0/ports",
            ["port": ["network_id": .string(network), "name": "<script>alert(1)</script>&\"'日本語"]])
        try await stage.settle()
        let map = await stage.send(.member, .get, "/v1/topology")
        #expect(map.status == 200, "\(map.text)")
        let nodes = Dictionary(
            (map.json["nodes"]?.array ?? []).map { ($0["id"]?.string ?? "", $0) }, uniquingKeysWith: { a, _ in a })
        let id = port.json["port"]!["id"]!.string!
        #expect(nodes[network]?["detail"]?["subnets"]?[0]?["cidr"] == "10.4.0.0/24")
        #expect(nodes[router]?["kind"] == "router" && nodes[id]?["kind"] == "port")
        let links = map.json["links"]?.array ?? []
        #expect(
            links.contains {
                $0["from"] == .string(router) && $0["to"] == .string(network) && $0["label"] == "10.4.0.1"
            })
        #expect(links.contains { $0["from"] == .string(id) && $0["to"] == .string(network) })
        let groups = nodes.values.filter { $0["kind"] == "security_group" }.compactMap { $0["id"] }
        #expect(links.contains { $0["from"] == .string(id) && groups.contains($0["to"]!) })

        let drawn = await stage.send(.member, .get, "/v1/topology.svg")
        #expect(drawn.headers.contains { $0.name == "content-type" && $0.value.hasPrefix("image/svg+xml") })
        #expect(
            drawn.headers.contains { $0.name == "content-security-policy" && $0.value.contains("default-src 'none'") })
        #expect(drawn.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;日本語"))
        #expect(!drawn.text.contains("<script") && !drawn.text.contains("href") && !drawn.text.contains("url("))
        #expect(drawn.text == (await stage.send(.member, .get, "/v1/topology.svg")).text)

        // Nobody else's: not the stranger's, nor for the stranger by naming the project.
        let theirs = await stage.send(.stranger, .get, "/v1/topology")
        #expect(!theirs.text.contains(network) && !theirs.text.contains(id))
        let project = stage.projects[.member]!
        #expect((await stage.send(.stranger, .get, "/v1/topology?project_id=\(project)")).status == 403)
        #expect((await stage.send(.operator, .get, "/v1/topology?project_id=\(project)")).text.contains(id))
        #expect((await stage.send(.member, .get, "/v1/topology?deep=1")).status == 400)
    }

    private static func node(_ id: String, _ role: TopologyMap.Role, _ name: String) -> TopologyMap.Node {
        .init(id: id, kind: "\(role)", role: role, name: name, status: "ACTIVE", lines: ["one"])
    }

    @Test func moreThanFitsIsCountedAndSaid() {
        var map = TopologyMap(limit: 10)
        map.add(Self.node("n", .segment, "net"))
        for place in 0..<30 {
            map.add(Self.node("m\(place)", .member, "server \(place)"))
            map.link(.init(from: "m\(place)", to: "n", label: "10.0.0.\(place)"))
        }
        #expect(map.nodes.count == 10 && map.omitted == 21 && map.links.count == 9)
        let svg = TopologyDrawing(map, title: "x").svg
        #expect(svg.contains("21 more things are not drawn.") && svg.contains("server 8") && !svg.contains("server 9"))
    }

    @Test func cardsLieInTheirPanelsAndNothingOverlaps() {
        var map = TopologyMap(limit: 500)
        for place in 0..<3 { map.add(Self.node("o\(place)", .outside, "outside")) }
        for place in 0..<5 { map.add(Self.node("h\(place)", .hub, "hub")) }
        for place in 0..<9 {
            map.add(Self.node("s\(place)", .segment, "segment"))
            for hub in 0..<5 where (place + hub) % 2 == 0 {
                map.link(.init(from: "h\(hub)", to: "s\(place)", label: "a"))
            }
        }
        for place in 0..<80 {
            map.add(Self.node("m\(place)", .member, "member"))
            for segment in [place % 9, place % 7] where place % 10 != 3 {
                map.link(.init(from: "m\(place)", to: "s\(segment)", label: "a"))
            }
        }
        let layout = TopologyLayout(map)
        let panels = layout.panels.map(\.box)
        func apart(_ boxes: [TopologyLayout.Box]) -> Bool {
            for (place, a) in boxes.enumerated() {
                for b in boxes[(place + 1)...]
                where a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom { return false }
            }
            return true
        }
        #expect(apart(panels + layout.bars.map(\.box) + layout.hubs.map(\.box)))
        for panel in layout.panels {
            #expect(apart(panel.cards.map(\.box)))
            #expect(
                panel.cards.allSatisfy {
                    $0.box.x > panel.box.x && $0.box.right < panel.box.right && $0.box.y > panel.box.y
                        && $0.box.bottom < panel.box.bottom
                })
        }
        let all = panels + layout.bars.map(\.box) + layout.hubs.map(\.box)
        #expect(all.allSatisfy { $0.x >= 0 && $0.right <= layout.width && $0.bottom <= layout.height })
        #expect(Set(layout.panels.flatMap(\.cards).map(\.node.id)).count == 80)
        // No line runs through a panel.
        for line in layout.lines {
            for (from, to) in zip(line.points, line.points.dropFirst()) {
                let (x, y) = ((from.x + to.x) / 2, (from.y + to.y) / 2)
                #expect(!panels.contains { $0.x < x && x < $0.right && $0.y < y && y < $0.bottom })
            }
        }
    }

    @Test func textsAreCutAndHarmless() {
        #expect(SVGText.escaped("a\u{0}b\u{202e}c\u{1b}<&>\"'") == "abc&lt;&amp;&gt;&quot;&#39;")
        #expect(SVGText.fitted("short", 200, size: 14) == "short")
        let long = SVGText.fitted(String(repeating: "長い名前", count: 40), 150, size: 14)
        #expect(long.hasSuffix("…") && SVGText.width(long) * 14 <= 150)
    }
}
