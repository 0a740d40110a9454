import CloudCore
import CloudSim
import CloudStore
import CloudWire
import Testing

/// Glance's API as its clients use it, on simulated parts.
@Suite("C050 to C055: images")
struct ImageServiceTests {
    static let path = "/image/v2/images"

    private func image(_ stage: Stage, _ more: [String: JSON] = [:], by actor: Actor = .member, bytes: Int? = 512) async
        -> String
    {
        let body: [String: JSON] = ["name": "i", "disk_format": "raw", "container_format": "bare"]
        let made = await stage.send(actor, .post, Self.path, .object(body.merging(more) { $1 }))
        #expect(made.status == 201, "\(made.text)")
        let id = made.json["id"]?.string ?? ""
        if let bytes {
            let sent = await stage.send(
                actor, .put, "\(Self.path)/\(id)/file", bytes: [UInt8](repeating: 7, count: bytes))
            #expect(sent.status == 204, "\(sent.text)")
        }
        return id
    }

    private func ids(_ stage: Stage, _ actor: Actor, _ query: String = "") async -> [String] {
        let answer = await stage.send(actor, .get, Self.path + query)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json["images"]?.array?.compactMap { $0["id"]?.string } ?? []
    }

    @Test func whatIsSharedShowsInListsOnceAccepted() async throws {
        let stage = try await Stage()
        let id = await image(stage)
        let (members, other) = ("\(Self.path)/\(id)/members", stage.projects[.stranger]!)
        #expect(await stage.send(.stranger, .get, "\(Self.path)/\(id)").status == 404)
        #expect(await stage.send(.stranger, .post, members, ["member": .string(other)]).status == 404)
        let made = await stage.send(.member, .post, members, ["member": .string(other)])
        #expect(made.status == 200 && made.json["status"] == "pending", "\(made.text)")
        #expect(await stage.send(.member, .post, members, ["member": .string(other)]).status == 409)
        #expect(await stage.send(.stranger, .get, "\(Self.path)/\(id)").status == 200)
        #expect(await !ids(stage, .stranger).contains(id))
        #expect(await ids(stage, .stranger, "?member_status=pending&visibility=shared") == [id])
        #expect(await stage.send(.member, .put, "\(members)/\(other)", ["status": "accepted"]).status == 403)
        #expect(await stage.send(.stranger, .put, "\(members)/\(other)", ["status": "what"]).status == 400)
        #expect(await stage.send(.stranger, .put, "\(members)/\(other)", ["status": "accepted"]).status == 200)
        #expect(await ids(stage, .stranger) == [id])
        #expect(await stage.send(.stranger, .delete, "\(Self.path)/\(id)").status == 403)
        #expect(await stage.send(.stranger, .delete, "\(members)/\(other)").status == 403)
        let patch: JSON = [["op": "replace", "path": "/name", "value": "mine"]]
        #expect(await stage.send(.stranger, .patch, "\(Self.path)/\(id)", patch).status == 403)
        #expect(await stage.send(.member, .delete, "\(members)/\(other)").status == 204)
        #expect(await stage.send(.stranger, .get, "\(Self.path)/\(id)").status == 404)
    }

    @Test func onlySharedImagesHaveMembersAndDeletionTakesThemAlong() async throws {
        let stage = try await Stage()
        let (hidden, shared) = (await image(stage, ["visibility": "private"]), await image(stage))
        let body: JSON = ["member": .string(stage.projects[.stranger]!)]
        #expect(await stage.send(.member, .post, "\(Self.path)/\(hidden)/members", body).status == 403)
        #expect(await stage.send(.member, .post, "\(Self.path)/\(shared)/members", body).status == 200)
        #expect(await stage.send(.member, .delete, "\(Self.path)/\(shared)").status == 204)
        try await stage.settle()
        #expect(await stage.send(.stranger, .get, "\(Self.path)/\(shared)").status == 404)
        #expect(try await stage.holdings(.stranger).allSatisfy { !$0.contains(shared) })
    }

    @Test func communityImagesAreUsedByAllAndListedForThoseWhoAsk() async throws {
        let stage = try await Stage()
        let id = await image(stage, ["visibility": "community"])
        #expect(await ids(stage, .stranger).isEmpty)
        #expect(await ids(stage, .stranger, "?visibility=community") == [id])
        #expect(await stage.send(.stranger, .get, "\(Self.path)/\(id)/file").status == 200)
        #expect(await stage.send(.member, .post, Self.path, ["visibility": "public"]).status == 403)
    }

    @Test func tagsComeAndGo() async throws {
        let stage = try await Stage()
        let id = await image(stage, ["tags": ["a", "a"]])
        let path = "\(Self.path)/\(id)/tags/"
        #expect(await stage.send(.member, .put, path + "b%20c").status == 204)
        #expect(await stage.send(.member, .get, "\(Self.path)/\(id)").json["tags"] == ["a", "b c"])
        #expect(await ids(stage, .member, "?tag=a") == [id])
        #expect(await ids(stage, .member, "?tag=z").isEmpty)
        #expect(await stage.send(.member, .delete, path + "z").status == 404)
        #expect(await stage.send(.member, .delete, path + "a").status == 204)
        #expect(await stage.send(.member, .put, path + String(repeating: "x", count: 256)).status == 400)
        let many = JSON.array((0..<129).map { .string("t\($0)") })
        #expect(await stage.send(.member, .post, Self.path, ["tags": many]).status == 413)
    }

    @Test func deactivatedImagesKeepTheirBytesAndGiveThemToNobody() async throws {
        let stage = try await Stage()
        let id = await image(stage)
        let path = "\(Self.path)/\(id)"
        #expect(await stage.send(.member, .post, path + "/actions/deactivate").status == 204)
        #expect(await stage.send(.member, .get, path).json["status"] == "deactivated")
        #expect(await stage.send(.member, .get, path + "/file").status == 403)
        #expect(await stage.send(.member, .post, path + "/actions/reactivate").status == 204)
        #expect(await stage.send(.member, .get, path + "/file").status == 200)
        let empty = await image(stage, bytes: nil)
        #expect(await stage.send(.member, .post, "\(Self.path)/\(empty)/actions/deactivate").status == 403)
        #expect(await stage.send(.member, .get, "\(Self.path)/\(empty)/file").status == 204)
    }

    @Test func filtersAndOrder() async throws {
        let stage = try await Stage()
        let small = await image(stage, ["name": "s", "color": "red"], bytes: 100)
        let large = await image(stage, ["name": "l", "os_hidden": true], bytes: 5000)
        let middle = await image(stage, ["name": "m", "protected": true], bytes: 1000)
        #expect(await Set(ids(stage, .member)) == [small, middle])
        #expect(await ids(stage, .member, "?os_hidden=true") == [large])
        #expect(await ids(stage, .member, "?size_min=500") == [middle])
        #expect(await ids(stage, .member, "?size_max=500") == [small])
        #expect(await ids(stage, .member, "?sort=size:desc") == [middle, small])
        #expect(await ids(stage, .member, "?sort_key=name&sort_dir=asc") == [middle, small])
        #expect(await ids(stage, .member, "?color=red") == [small])
        #expect(await ids(stage, .member, "?color=blue").isEmpty)
        #expect(await ids(stage, .member, "?name=in:s,x") == [small])
        #expect(await ids(stage, .member, "?protected=true") == [middle])
        #expect(await ids(stage, .member, "?created_at=gte:2000-01-01T00:00:00Z").count == 2)
        #expect(await ids(stage, .member, "?created_at=lt:2000-01-01T00:00:00Z").isEmpty)
        #expect(await ids(stage, .member, "?owner=\(stage.projects[.stranger]!)").isEmpty)
        for bad in [
            "size_min=x", "visibility=what", "member_status=what", "created_at=lt:soon", "marker=none",
            "sort_dir=up&sort_key=name",
        ] {
            #expect(await stage.send(.member, .get, Self.path + "?" + bad).status == 400, "\(bad)")
        }
    }

    @Test("patches: both spellings, and what they may not reach")
    func patches() async throws {
        let stage = try await Stage()
        let id = await image(stage)
        let (path, type) = ("\(Self.path)/\(id)", "application/openstack-images-v2.1-json-patch")
        func patch(_ body: JSON, _ type: String) async -> Int {
            await stage.send(.member, .patch, path, body, headers: ["content-type": type]).status
        }
        #expect(
            await patch(
                [["op": "add", "path": "/a~1b", "value": "x"], ["op": "replace", "path": "/name", "value": "n"]], type)
                == 200)
        #expect(await stage.send(.member, .get, path).json["a/b"] == "x")
        #expect(
            await patch([["replace": "/name", "value": "m"]], "application/openstack-images-v2.0-json-patch") == 200)
        #expect(await patch([["op": "remove", "path": "/a~1b"]], type) == 200)
        #expect(await patch([["op": "replace", "path": "/none", "value": "x"]], type) == 409)
        #expect(await patch([["op": "remove", "path": "/none"]], type) == 409)
        #expect(await patch([["op": "move", "path": "/name", "value": "x"]], type) == 400)
        #expect(await patch([["op": "add", "path": "/name/x", "value": "x"]], type) == 400)
        #expect(await patch([], "text/json") == 415)
        for name in [
            "owner", "checksum", "os_hash_value", "status", "size", "id", "os_glance_x", "locations", "direct_url",
            "created_at",
        ] {
            for operation in ["add", "replace", "remove"] {
                let step: JSON = ["op": .string(operation), "path": .string("/" + name), "value": "x"]
                #expect(await patch([step], type) == 403, "\(operation) \(name)")
            }
        }
        #expect(await patch([["op": "replace", "path": "/disk_format", "value": "qcow2"]], type) == 403)
    }

    @Test("an operator gives an image to another project, within that one's quota; nobody else does")
    func newOwner() async throws {
        let stage = try await Stage()
        let id = await image(stage)
        let (path, other) = ("\(Self.path)/\(id)", stage.projects[.stranger]!)
        func give(_ actor: Actor, _ owner: JSON) async -> Int {
            await stage.send(actor, .patch, path, [["op": "replace", "path": "/owner", "value": owner]]).status
        }
        #expect(await give(.member, .string(other)) == 403)
        for owner: JSON in ["", nil, 1, .string(String(repeating: "x", count: 65))] {
            #expect(await give(.operator, owner) == 400)
        }
        #expect(await stage.send(.operator, .patch, path, [["op": "remove", "path": "/owner"]]).status == 403)
        _ = await stage.send(.member, .post, path + "/members", ["member": .string(other)])
        #expect(await give(.operator, .string(other)) == 200)
        #expect(await stage.send(.stranger, .get, path).json["owner"]?.string == other)
        #expect(await stage.send(.stranger, .get, path + "/members").json["members"]?.array?.isEmpty == true)
        #expect(await stage.send(.member, .get, path).status == 404)
        #expect(await stage.send(.operator, .get, path + "/file").status == 200)
        let last = try await stage.audit().last { $0.resource == id && $0.outcome == .success }
        #expect(last?.action == "update" && last?.caller.user?.text == stage.users[.operator])
        for _ in 0..<200 { _ = await stage.send(.member, .post, Self.path, [:]) }
        #expect(await give(.operator, .string(stage.projects[.member]!)) == 413)
    }

    @Test func aDiskIsTakenWithTheSizeItDescribesOrNotAtAll() async throws {
        let stage = try await Stage()
        var large = DiskSample.dynamicVHD()
        large.big(48, 8, 2000 << 30)
        let flat = DiskSample.vmdk(text: DiskSample.descriptor("monolithicFlat")).bytes
        for (format, bytes, size): (String, [UInt8], Int?) in [
            ("vmdk", DiskSample.vmdk().bytes, 40 << 20), ("vhd", DiskSample.fixedVHD().sealed(), 1 << 20),
            ("vmdk", flat, nil), ("vhd", large.sealed(), nil),
        ] {
            let id = await image(stage, ["disk_format": .string(format)], bytes: nil)
            let sent = await stage.send(.member, .put, "\(Self.path)/\(id)/file", bytes: bytes)
            #expect(sent.status == (size == nil ? 400 : 204), "\(sent.text)")
            let shown = await stage.send(.member, .get, "\(Self.path)/\(id)").json
            #expect(shown["status"] == (size == nil ? "queued" : "active"))
            #expect(shown["virtual_size"] == size.map { .integer($0) } ?? .null)
        }
        let schema = await stage.send(.member, .get, "/image/v2/schemas/image").json
        #expect(schema["properties"]?["disk_format"]?["enum"] == [nil, "raw", "qcow2", "vmdk", "vhd", "vhdx"])
    }

    @Test func emptyIdsAreNoImages() async throws {
        let stage = try await Stage()
        #expect(await stage.send(.member, .get, Self.path + "/").status == 404)
        #expect(await stage.send(.member, .delete, Self.path + "/").status == 404)
        #expect(await stage.send(.nobody, .get, "/image/").status == 300)
    }

    @Test func crowdsStayWithinTheQuota() async throws {
        let stage = try await Stage()
        let body: JSON = ["name": "q"]
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<260 { group.addTask { await stage.send(.member, .post, Self.path, body).status } }
            return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [201: 200, 413: 60])
    }
}
