"""What GetTraceSummaries tells: which traces lie in a range, what they are about, why they failed or took long."""
