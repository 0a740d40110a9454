import CloudCore

/// What compute asks of the image service.
public struct BootImage: Hashable, Sendable {
    public var id: String
    /// `raw`, `qcow2`, `vmdk`, `vhd` or `vhdx`, as checked at import.
    public var format: String
    /// Bytes of the disk it describes.
    public var virtualSize: Int
    /// MiB of memory and GiB of disk that a server needs for it.
    public var minRAM: Int
    public var minDisk: Int
    public init(id: String, format: String, virtualSize: Int, minRAM: Int, minDisk: Int) {
        (self.id, self.format, self.virtualSize) = (id, format, virtualSize)
        (self.minRAM, self.minDisk) = (minRAM, minDisk)
    }
}

/// Finds what servers begin as; the image service is one.
public protocol ImageCatalog: Sendable {
    /// The image, ready to boot from; `invalid` where the caller cannot use it.
    func bootable(_ id: String, for caller: Caller, in reader: any Reader) throws(CloudError) -> BootImage

    /// Where an image's bytes are on this machine, and its format as checked at import; `missing` where it is gone.
    func file(of id: String, in store: any Store) async throws(CloudError) -> (path: String, format: String)

    /// Makes an image of the caller's project that waits for the bytes of a qcow2 disk; returns its id.
    func reserve(
        _ name: String, properties: [String: String], minDisk: Int, minRAM: Int, caller: Caller, dice: any Dice,
        in writer: any Writer
    ) throws(CloudError) -> String
    /// Gives a reserved image its bytes. Done when it has them; `missing` where nobody wants it any more.
    func deliver(
        _ id: String, _ bytes: any AsyncSequence<[UInt8], any Error> & Sendable, in store: any Store
    ) async throws(CloudError)
    /// Deletes a reserved image whose bytes will not come.
    func abandon(_ id: String, in writer: any Writer) throws(CloudError)
}
