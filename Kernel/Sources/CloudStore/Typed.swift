import CloudCore

extension Reader {
    /// The resource, or nil where there is none.
    public func find<R: Resource>(_ id: ID<R>) throws(CloudError) -> Stored<R>? {
        try row(R.kind, id.text)?.decode(R.self)
    }

    /// The resource; `missing` where there is none.
    public func get<R: Resource>(_ id: ID<R>) throws(CloudError) -> Stored<R> {
        guard let found = try find(id) else { throw .missing(R.kind.title, id.text) }
        return found
    }

    /// The resource if the caller may know of it; otherwise `missing`, in the same words as for an id that is none.
    public func get<R: Resource>(_ id: ID<R>, for caller: Caller) throws(CloudError) -> Stored<R> {
        guard let found = try find(id), found.deletingSince == nil || R.isShownWhileDeleted, try sees(found, caller)
        else {
            throw .missing(R.kind.title, id.text)
        }
        return found
    }

    /// Whether a caller may know of a resource, by its own columns or by rows that share it.
    public func sees<R: Resource>(_ it: Stored<R>, _ caller: Caller) throws(CloudError) -> Bool {
        if it.isVisible(to: caller) { return true }
        guard let shares = R.shares, let project = caller.project, let own = it.value(of: shares.column) else {
            return false
        }
        return try count(shares.query(for: project).with(shares.object, own)) > 0
    }

    /// Ids of what is shared with a project and a resource's column may hold.
    public func shared(_ shares: Shares, with project: ProjectID) throws(CloudError) -> [JSON] {
        let schema = schemas[shares.kind]
        return try rows(shares.query(for: project)).compactMap { $0.value(shares.object, schema) }
    }

    public func list<R: Resource>(_ type: R.Type, _ query: Query) throws(CloudError) -> [Stored<R>] {
        var out: [Stored<R>] = []
        for row in try rows(query) { out.append(try row.decode(R.self)) }
        return out
    }

    /// Those of a kind in which a column has a value.
    public func list<R: Resource>(_ type: R.Type, where column: String, _ value: JSON) throws(CloudError) -> [Stored<R>]
    {
        try list(type, Query(R.kind).with(column, value))
    }

    public func first<R: Resource>(_ type: R.Type, where column: String, _ value: JSON) throws(CloudError) -> Stored<R>?
    {
        try list(type, Query(R.kind, limit: 1).with(column, value)).first
    }
}

extension Shares {
    fileprivate func query(for project: ProjectID) -> Query {
        var query = Query(kind, limit: .max)
            .with(target, among: [.string(project.text), .string(Self.everyone)])
        for (column, value) in conditions { query = query.with(column, value) }
        return query
    }
}

extension Stored {
    /// The value of a column, its id included; nil where there is no such column.
    fileprivate func value(of column: String) -> JSON? {
        column == "id" ? .string(id.text) : R.fields.first { $0.name == column }?.get(value)
    }

    /// Whether a caller may know that it exists: its project's people and operators, for what a project owns, those of
    /// the project that it is shared with, and everyone where the owner opened it.
    public func isVisible(to caller: Caller) -> Bool { belongs(to: caller) || isOpen || isSharedWith(caller) }

    /// Whether a caller is of the further project that it names.
    public func isSharedWith(_ caller: Caller) -> Bool {
        guard let column = R.partner, let project = caller.project,
            let field = R.fields.first(where: { $0.name == column })
        else { return false }
        return field.get(value) == .string(project.text)
    }

    /// Whether a caller may change it, as far as ownership goes.
    public func belongs(to caller: Caller) -> Bool {
        switch R.access {
        case .system: true
        case .project: caller.isOperator || caller.project == project
        }
    }

    private var isOpen: Bool {
        guard let opening = R.opening, let field = R.fields.first(where: { $0.name == opening.column }) else {
            return false
        }
        return field.get(value) == opening.value
    }
}

extension Writer {
    /// Keeps a new resource and, if it has a lifecycle, starts it.
    @discardableResult
    public func insert<R: Resource>(
        _ value: R, id: ID<R>, project: ProjectID = ID("")
    ) throws(CloudError) -> Stored<R> {
        let stored = Stored(
            id: id, project: project, createdAt: now, updatedAt: now, version: 1, deletingSince: nil, value: value)
        try insert(R.kind, Row(stored))
        if let first = schemas[R.kind].labels.first {
            try put(Work(target: Reference(id), label: first, wakeAt: now))
        }
        return stored
    }

    /// Writes what was changed in `stored`, which must be as new as what is kept.
    public func update<R: Resource>(_ stored: inout Stored<R>) throws(CloudError) {
        stored.version += 1
        stored.updatedAt = now
        try update(R.kind, Row(stored))
    }

    /// Writes a change that a tenant asked for, and has the lifecycle look at it.
    public func change<R: Resource>(_ stored: inout Stored<R>) throws(CloudError) {
        try update(&stored)
        if !schemas[R.kind].labels.isEmpty { try raise(.refresh, Reference(stored.id)) }
    }

    /// Deletes: a passive resource at once, one with a lifecycle by asking the engine to. `conflict` while in use.
    public func delete<R: Resource>(_ stored: inout Stored<R>) throws(CloudError) {
        try requireUnused(Reference(stored.id))
        if schemas[R.kind].labels.isEmpty { return try remove(Reference(stored.id)) }
        stored.deletingSince = now
        try update(&stored)
        try raise(.destroy, Reference(stored.id))
    }

    /// Throws `conflict`, naming what uses the resource, where something does.
    public func requireUnused(_ target: Reference) throws(CloudError) {
        for referrer in schemas.referring(to: target.kind) {
            let users = try rows(Query(referrer.kind, limit: 4).with(referrer.column, .string(target.id)))
            guard users.isEmpty else {
                let names = users.prefix(3).map(\.id).joined(separator: ", ") + (users.count > 3 ? ", …" : "")
                throw .conflict("\(target.kind.title) \(target.id) is in use by \(referrer.kind.name) \(names).")
            }
        }
    }
}
