//! A small file system of its own. Mounting one needs root on Linux.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Gone at the end, also of a test that fails.
pub struct Disk(PathBuf);

impl Disk {
    pub fn mount(kib: usize) -> Option<Self> {
        let path = std::env::temp_dir().join(format!("rollcall-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).ok()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"])
            .arg(&path)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        let _ = std::fs::remove_dir(&path);
        None
    }

    pub fn database(&self) -> String {
        let file = self.0.join("rollcall.sqlite");
        format!("sqlite://{}?mode=rwc", file.display())
    }

    /// Take all the room there is, but for so much.
    pub fn fill(&self, but_kib: u64) {
        let mut file = File::create(self.filler()).expect("a file");
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        let size = file.metadata().expect("its size").len();
        let smaller = size.saturating_sub(but_kib * 1024);
        file.set_len(smaller).expect("a smaller file");
    }

    pub fn free(&self) {
        std::fs::remove_file(self.filler()).expect("to remove the file");
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that was killed may not be gone yet.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}
