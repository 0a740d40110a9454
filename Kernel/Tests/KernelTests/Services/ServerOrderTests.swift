import CloudCore
import Testing

@Suite("Ordering servers, and listing what there is")
struct ServerOrderTests {
    @Test(
        "an order that cannot be met is refused whole, naming what is wrong",
        arguments: [
            ("name", nil), ("name", ""), ("name", 7), ("flavorRef", "none"), ("flavorRef", nil), ("imageRef", "none"),
            ("imageRef", ""),
            ("networks", "everything"), ("networks", [[:]]), ("networks", [["uuid": "none"]]),
            ("networks", [["port": "none"]]),
            ("networks", [["uuid": "none", "fixed_ip": "10.0.0.300"]]), ("networks", [7]), ("user_data", "not base64!"),
            ("key_name", "none"), ("availability_zone", "mars"), ("min_count", 0), ("max_count", 21),
            ("metadata", ["a": 1]),
            ("metadata", []), ("security_groups", [["name": "mine"]]),
            ("block_device_mapping_v2", [["source_type": "volume", "destination_type": "volume", "uuid": "x"]]),
        ] as [(String, JSON)])
    func refused(_ key: String, _ value: JSON) async throws {
        let stage = try await Stage()
        let (flavor, image) = (
            try await stage.make("flavor", for: .member), try await stage.make("image", for: .member)
        )
        var server: [String: JSON] = [
            "name": "web", "flavorRef": .string(flavor), "imageRef": .string(image), "networks": "none",
        ]
        let path = "/compute/v2.1/\(stage.projects[.member]!)/servers"
        let fine = await stage.send(.member, .post, path, ["server": .object(server)])
        #expect(fine.status == 202, "\(fine.text)")
        server[key] = value
        let before = try await stage.holdings(.member)
        let answer = await stage.send(.member, .post, path, ["server": .object(server)])
        #expect([400, 404, 409].contains(answer.status), "\(answer.text)")
        #expect(try await stage.holdings(.member) == before)
    }

    @Test("several servers come of one order, or none of them")
    func several() async throws {
        let stage = try await Stage()
        let (flavor, image) = (
            try await stage.make("flavor", for: .member), try await stage.make("image", for: .member)
        )
        let path = "/compute/v2.1/\(stage.projects[.member]!)/servers"
        func order(_ count: Int) async -> Int {
            await stage.send(
                .member, .post, path,
                [
                    "server": [
                        "name": "web", "flavorRef": .string(flavor), "imageRef": .string(image), "networks": "none",
                        "min_count": .integer(count),
                    ]
                ]
            ).status
        }
        #expect(await order(20) == 202)
        #expect(await order(20) == 202)
        #expect(await order(20) == 403)  // beyond the quota: none at all
        let list = await stage.send(.member, .get, path).json["servers"]?.array ?? []
        #expect(list.count == 40 && Set(list.compactMap { $0["name"]?.string }).count == 20)
    }

    @Test("pages make up the whole list, in order, without one twice", arguments: [1, 2, 3, 7, 100])
    func pages(_ limit: Int) async throws {
        let stage = try await Stage()
        for number in 0..<7 {
            _ = await stage.send(.member, .post, "/network/v2.0/networks", ["network": ["name": "n\(6 - number)"]])
            if number % 2 == 0 { stage.world.clock.advance(.seconds(1)) }
        }
        _ = await stage.send(.stranger, .post, "/network/v2.0/networks", ["network": ["name": "theirs"]])
        for sort in ["", "&sort_key=name&sort_dir=asc", "&sort_key=name&sort_dir=desc", "&sort_key=status"] {
            func names(_ query: String) async -> (names: [String], next: String?) {
                let body = await stage.send(.member, .get, "/network/v2.0/networks?" + query).json
                let link = body["networks_links"]?[0]?["href"]?.string
                return (body["networks"]?.array?.compactMap { $0["name"]?.string } ?? [], link)
            }
            let whole = await names("limit=1000" + sort).names
            #expect(whole.count == 7)
            var (found, query): ([String], String?) = ([], "limit=\(limit)" + sort)
            for _ in 0..<8 {
                guard let asked = query else { break }
                let page = await names(asked)
                #expect(page.names.count <= limit)
                found += page.names
                query = page.next.map { String($0.drop { $0 != "?" }.dropFirst()) }
            }
            #expect(query == nil && found == whole, "\(sort) \(found)")
        }
        for bad in ["limit=-1", "limit=x", "marker=none", "sort_key=none", "sort_key=name&sort_dir=up", "mystery=1"] {
            #expect(await stage.send(.member, .get, "/network/v2.0/networks?" + bad).status == 400, "\(bad)")
        }
    }
}
