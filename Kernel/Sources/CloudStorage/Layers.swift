import CloudCore

/// One file of a disk: what was written to it since the layer below. Each is encrypted under a key of its own.
public struct Layer: Hashable, Sendable {
    /// A UUID in lower case, which is also its file's name.
    public var id: String
    /// What its LUKS header is opened with: 64 hexadecimal digits, of 256 random bits.
    public var secret: String
    public init(id: String, secret: String) { (self.id, self.secret) = (id, secret) }
}

/// A disk as files: layers from the oldest to the one that is written, all of them of one tenant.
public struct LayeredDisk: Hashable, Sendable {
    public var size: Gibibytes
    /// 1 to 64, each once.
    public var layers: [Layer]
    public init(size: Gibibytes, layers: [Layer]) { (self.size, self.layers) = (size, layers) }
}

/// What a disk begins as, other than empty.
public enum DiskSource: Hashable, Sendable {
    /// A file on this machine, and its declared format, which was checked when it came: `raw`, `qcow2`, `vmdk`, `vhd`
    /// or `vhdx`. It is never probed.
    case image(path: String, format: String)
    /// What another disk's layers hold; nobody writes to them meanwhile.
    case disk(LayeredDisk)
}

/// What a pool of disks has, in bytes.
public struct PoolSpace: Hashable, Sendable {
    public var total: Int, free: Int
    public init(total: Int, free: Int) { (self.total, self.free) = (total, free) }
}

/// Keeps disks as encrypted layers on one host. Every call is idempotent, and what is half made when the process ends
/// is made anew by the next call. Secrets reach no command line, no log and no file in clear.
///
/// Calls throw `invalid` for ids, secrets, sizes and lists that no disk has, and for a secret that is not its layer's;
/// `missing` where a layer that is needed is not there; `conflict` where somebody has the disk open for writing;
/// `unavailable` where the pool is full, with nothing lost of what was there.
public protocol LayerPool: Sendable {
    /// Makes the disk's newest layer if it is missing: empty over the layers below, or with the source's content and
    /// none below. A disk that is larger than its source has zeroes behind it; `invalid` where it is smaller. Where it
    /// fails, nothing is left of the attempt.
    func ensure(_ disk: LayeredDisk, from source: DiskSource?) async throws(CloudError)
    /// Makes the newest layer as large as the disk, where it is smaller. No process has the disk open.
    func ensureSize(_ disk: LayeredDisk) async throws(CloudError)
    /// Writes what `layer` holds into the one above it, so that nobody needs `layer` any more: the disk reads the same
    /// without it, and may be read with it as before. No process has the disk open.
    func ensureMerged(_ layer: String, of disk: LayeredDisk) async throws(CloudError)
    /// Where the layer's file is, for a process of this host.
    func path(_ layer: String) -> String
    /// Lets a guest's user open a disk's layers, given from the oldest on: it may read each and write the last.
    func give(_ layers: [String], to user: Int) async throws(CloudError)
    /// Lets no guest open these layers any more. Layers that are gone are passed over.
    func takeBack(_ layers: [String]) async throws(CloudError)
    /// The disk's content as a raw image, in order; nobody writes to it meanwhile. To be read once, and soon: it holds
    /// a process and one of few places until it is read to its end or let go.
    func export(_ disk: LayeredDisk) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable
    /// Erases the layer's header, which holds its key, and then its file. Done when there is none.
    func remove(_ layer: String) async throws(CloudError)
    /// Every layer of which anything is left.
    func layers() async throws(CloudError) -> Set<String>
    func space() async throws(CloudError) -> PoolSpace
}
