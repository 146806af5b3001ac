"""What every process needs: health, status, waits, deadlines."""
