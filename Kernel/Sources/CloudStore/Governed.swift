import CloudCore

/// A resource with rules of its own for coming, changing and going. The rules hold whichever face asks.
public protocol Governed: Resource {
    /// How many a project may have.
    static var quota: Int { get }
    /// How many a certain project may have; `quota` unless the operator said otherwise.
    static func limit(of project: ProjectID, in reader: any Reader) throws(CloudError) -> Int
    static func newID(_ dice: any Dice) -> ID<Self>
    /// Completes and checks a draft, and takes the claims it needs; runs before it is kept.
    static func admit(_ draft: inout Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
    /// Checks a change.
    static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError)
    /// Checks a deletion, and does what must go with it.
    static func admitRemoval(of it: Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
}

extension Governed {
    public static var quota: Int { 1000 }
    public static func limit(of project: ProjectID, in reader: any Reader) throws(CloudError) -> Int { quota }
    public static func newID(_ dice: any Dice) -> ID<Self> { ID(dice.uuid()) }
    public static func admit(_ draft: inout Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {}
    public static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {}
    public static func admitRemoval(of it: Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError) {
    }
}

extension Writer {
    /// Creates a resource for a project, within its quota and by its rules.
    public func create<R: Governed>(
        _ value: R, id: ID<R>, project: ProjectID, for caller: Caller
    ) throws(CloudError) -> Stored<R> {
        if R.access == .project {
            let limit = try R.limit(of: project, in: self)
            let used = limit == .max ? 0 : try count(Query(R.kind).with("project_id", .string(project.text)))
            guard used < limit else {
                throw CloudError(.overQuota, "Quota exceeded for \(R.kind.plural): \(limit) at most.")
            }
        }
        var draft = Stored(
            id: id, project: R.access == .project ? project : ID(""), createdAt: now, updatedAt: now, version: 1,
            deletingSince: nil, value: value)
        try R.admit(&draft, for: caller, in: self)
        return try insert(draft.value, id: id, project: draft.project)
    }

    /// Changes a resource by its rules, and has its lifecycle look.
    public func revise<R: Governed>(
        _ id: ID<R>, for caller: Caller, _ body: (inout Stored<R>) throws(CloudError) -> Void
    ) throws(CloudError) -> Stored<R> {
        let old = try own(id, for: caller)
        var it = old
        try body(&it)
        try R.admitChange(of: &it, from: old, for: caller, in: self)
        try change(&it)
        return it
    }

    /// The resource, if the caller may change it: `missing` where it is hidden, `forbidden` where it is open to see.
    public func own<R: Resource>(_ id: ID<R>, for caller: Caller) throws(CloudError) -> Stored<R> {
        let it = try get(id, for: caller)
        guard it.belongs(to: caller) else {
            throw CloudError(.forbidden, "\(R.kind.title) \(id) belongs to another project.")
        }
        guard it.deletingSince == nil else { throw .conflict("\(R.kind.title) \(id) is being deleted.") }
        return it
    }

    /// Deletes a resource by its rules.
    public func withdraw<R: Governed>(_ id: ID<R>, for caller: Caller) throws(CloudError) {
        if R.isShownWhileDeleted, try get(id, for: caller).deletingSince != nil { return }
        var it = try own(id, for: caller)
        try R.admitRemoval(of: it, for: caller, in: self)
        try delete(&it)
    }
}
