"""Files in and out: scenario files, tables, run folders. The only importer of yaml."""
