import CloudCore

/// A volume that a server has, or is to have.
public struct ServerDisk: Hashable, Sendable {
    public var attachment: String
    public var volume: String
    /// As what the server's owner knows it: `/dev/vdc`.
    public var device: String
    /// Whether it is to be taken out.
    public var isLeaving: Bool
    /// Whether the server was seen to have it.
    public var isThere: Bool
    /// Whether the volume is deleted with the server.
    public var goesWithServer: Bool

    public init(
        attachment: String, volume: String, device: String, isLeaving: Bool, isThere: Bool, goesWithServer: Bool
    ) {
        (self.attachment, self.volume, self.device) = (attachment, volume, device)
        (self.isLeaving, self.isThere, self.goesWithServer) = (isLeaving, isThere, goesWithServer)
    }
}

/// What a hypervisor needs to give a guest a volume.
public struct OpenDisk: Hashable, Sendable {
    /// One of its files, encrypted in qcow2.
    public struct File: Hashable, Sendable {
        public var path: String
        /// What its LUKS header is opened with.
        public var secret: String
        public init(path: String, secret: String) { (self.path, self.secret) = (path, secret) }
    }
    /// The volume's id; the first 20 characters are the disk's serial number.
    public var volume: String
    /// From the oldest to the one that is written.
    public var files: [File]
    public var isReadonly: Bool
    /// Requests a second that it may make at most; nil for as many as it can.
    public var iops: Int?

    public init(volume: String, files: [File], isReadonly: Bool, iops: Int?) {
        (self.volume, self.files, self.isReadonly, self.iops) = (volume, files, isReadonly, iops)
    }
}

/// What compute asks of storage: the small language between two domains that know nothing else of each other.
public protocol Shelf: Sendable {
    /// Takes a volume for a server of its project. `invalid` where it is not free.
    func attach(
        _ volume: String, to server: Reference, of project: ProjectID, device: String?, goesWithServer: Bool,
        caller: Caller, dice: any Dice, in writer: any Writer
    ) throws(CloudError) -> ServerDisk
    /// Asks for it back; `missing` where the server has it not.
    func detach(_ volume: String, from server: Reference, in writer: any Writer) throws(CloudError)
    /// The server's volumes, those that are leaving among them.
    func disks(of server: Reference, in reader: any Reader) throws(CloudError) -> [ServerDisk]
    /// Opens volumes for a process of user `uid`.
    func open(_ disks: [ServerDisk], uid: Int, in store: any Store) async throws(CloudError) -> [OpenDisk]
    /// Lets no process open them any more.
    func close(_ disks: [ServerDisk], in store: any Store) async throws(CloudError)
    /// Writes that the server has them.
    func attached(_ disks: [ServerDisk], in writer: any Writer) throws(CloudError)
    /// Writes that the server has them no longer.
    func detached(_ disks: [ServerDisk], in writer: any Writer) throws(CloudError)
}
